/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { succeeded } from '../support/wire.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
let visitor: Visitor;
let owner: ControlPlane;
let client: DeliveryClient;
/** Unlike any other in the database that is shared. */
const name = `Acme ${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  chromium = await startChromium();
  visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  owner = await ControlPlane.signUp(site.holdline.apiUrl, name);
  const [app] = await owner.list<{ id: string }>('/v1/apps');
  const { key } = await owner.createKey(app?.id ?? '');
  client = await new DeliveryClient(site.holdline.deliveryUrl, key).known();
}, 60_000);
afterAll(() => chromium?.close());

/** One of the platform's staff on an ordinary day. */
describe('an operator', () => {
  const step = inOrder(() => visitor);
  const toTenant = async () => {
    await visitor.go('Tenants');
    await visitor.page.getByLabel('Search').fill(name);
    await visitor.page.getByRole('link', { name }).click();
  };

  step('is led to a door of its own, and in', async () => {
    const { page } = visitor;
    const { operator } = site;
    await visitor.open('/operator');
    await visitor.heading('Operator');
    await page.getByLabel('E-mail').fill(operator.email);
    await page.getByLabel('Password').fill('wrong password');
    await visitor.button('Sign in');
    await page.getByRole('alert').waitFor();
    await visitor.signInAsOperator(operator);
  });

  step('finds a tenant by a member’s address', async () => {
    const { page } = visitor;
    await page.getByLabel('Search').fill(owner.email);
    await page.getByRole('link', { name }).click();
    await visitor.heading(name);
    await visitor.sees(owner.email);
    await page.getByRole('region', { name: 'Fullest limits' }).getByRole('meter').first().waitFor();
  });

  step('makes a plan and gives it to the tenant', async () => {
    const { page } = visitor;
    await visitor.go('Plans');
    await page.getByRole('region', { name: 'Plans' }).getByText('Business').first().waitFor();
    await visitor.button('New plan');
    const dialog = page.getByRole('dialog');
    const id = `school-${randomUUID().slice(0, 8)}`;
    await dialog.getByLabel('Id').fill(id);
    await dialog.getByLabel('Name').fill(`For ${name}`);
    await dialog.getByLabel('Limits').fill('{"holds_key": oops}');
    await dialog.getByRole('button', { name: 'Make the plan' }).click();
    await dialog.getByText('Limits is not JSON').waitFor();
    await dialog.getByLabel('Limits').fill('{"holds_key": 77}');
    await dialog.getByRole('button', { name: 'Make the plan' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Plans' }).getByText(id).waitFor();
    await toTenant();
    await visitor.button('Give a plan');
    await page.getByRole('dialog').getByLabel('Plan', { exact: true }).selectOption(id);
    await visitor.button('Give it');
    await page.getByText(`${id}, active`).waitFor();
  });

  step('gives credit', async () => {
    const { page } = visitor;
    await visitor.button('Give credit');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Amount').fill('12.5');
    await dialog.getByLabel('Reason').fill('For the outage');
    await dialog.getByRole('button', { name: 'Give it' }).click();
    const credits = page.getByRole('region', { name: 'Credits' });
    await credits.getByText('For the outage').waitFor();
    expect(await credits.getByText('€12.50').count()).toBe(2);
  });

  step('makes a coupon and gives it', async () => {
    const { page } = visitor;
    const code = `TEN-${randomUUID().slice(0, 6).toUpperCase()}`;
    await visitor.go('Coupons');
    await visitor.button('New coupon');
    await page.getByLabel('Code').fill(code);
    await page.getByLabel('Name').fill('Ten percent');
    await visitor.button('Make the coupon');
    await page.getByRole('region', { name: 'Coupons' }).getByText(code).waitFor();
    await toTenant();
    await visitor.button('Give a coupon');
    await page.getByRole('dialog').getByLabel('Coupon').selectOption(code);
    await visitor.button('Give it');
    await page.getByRole('region', { name: 'Coupons' }).getByText(code, { exact: true }).waitFor();
    await visitor.go('Coupons');
    await visitor.button(`End ${code}`);
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
    await page.getByRole('row', { name: new RegExp(`${code}.*ended`) }).waitFor();
    await toTenant();
  });

  step('narrows a limit of the tenant', async () => {
    const { page } = visitor;
    await visitor.button('Edit its own limits');
    await page.getByRole('dialog').getByLabel('Limits as JSON').fill('{"apps": 4}');
    await visitor.button('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const limits = await owner.ask('/v1/limits');
    const apps = (limits.json as { limits: { name: string; max: number }[] }).limits.find(
      (limit) => limit.name === 'apps',
    );
    expect(apps?.max).toBe(4);
  });

  step('suspends the tenant, whose key is refused, and makes it active again', async () => {
    const { page } = visitor;
    await visitor.button('Suspend');
    await visitor.sees('refused everywhere within a second');
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('suspended', { exact: true }).waitFor();
    // Suspended, so P7: within a second; the answer to the change waits for the servers.
    const refused = await client.tryPublish('x', { data: 1 });
    expect(refused.status).toBe(401);
    await visitor.button('Make active again');
    await page.getByRole('button', { name: 'Suspend', exact: true }).waitFor();
    expect((await client.tryPublish('x', { data: 1 })).status).toBe(201);
  });

  step(
    'looks as the tenant: sees its pages, changes nothing, sees no message, and ends it',
    async () => {
      const { page } = visitor;
      await visitor.button('Look as this tenant');
      await page.getByLabel('Reason').fill('They asked why nothing arrives.');
      await visitor.button('Look');
      await visitor.heading('Overview');
      const banner = page.getByRole('region', { name: 'Operator' });
      await banner.getByText(name).waitFor();
      await visitor.go('Keys');
      await visitor.heading('Keys');
      await page.waitForFunction(() => document.querySelector('.skeleton') === null);
      expect(await page.getByRole('button', { name: 'New key' }).count()).toBe(0);
      await visitor.go('Console');
      await visitor.sees('never its messages');
      await banner.getByRole('button', { name: 'End' }).click();
      await visitor.heading(name);
    },
  );

  step('… which the tenant reads in its audit log, with the reason', async () => {
    const other = await Visitor.arrive(chromium, site.holdline.apiUrl);
    await other.signIn(owner.email, owner.password);
    await other.go('Audit log');
    await other.sees('impersonation.began');
    await other.sees('impersonation.ended');
    const reply = await owner.ask('/v1/audit?limit=10');
    expect(JSON.stringify(reply.json)).toContain('They asked why nothing arrives.');
    await other.leave();
  });

  step('sees whose limits are in trouble', async () => {
    const { page } = visitor;
    const limits = { publishes_per_second_key: 1 };
    const operator = await ControlPlane.operator(site.holdline.apiUrl, site.operator);
    const { id } = ((await owner.ask('/v1/me')).json as { tenant: { id: string } }).tenant;
    succeeded(
      await operator.ask(`/v1/operator/tenants/${id}`, { method: 'PATCH', json: { limits } }),
      200,
    );
    // More than a second's burst: one of them is refused.
    await Promise.all(
      Array.from({ length: 40 }, () => client.tryPublish('flood', { data: 'again' })),
    );
    await visitor.go('Limits in trouble');
    await page
      .getByRole('region', { name: 'Limits in trouble' })
      .getByRole('row', { name: new RegExp(`${name}.*refused`) })
      .waitFor();
  });

  step('sees the servers, how the log is, and that the jobs run', async () => {
    await visitor.go('Servers');
    await visitor.heading('Servers');
    await visitor.sees('flushed to this disk');
    await visitor.sees('It is ready: messages flow.');
    await visitor.sees('The last commit took');
    await visitor.page.getByRole('row', { name: /^usage works/ }).waitFor();
  });

  step('sees the invoices of all', async () => {
    await visitor.go('Invoices');
    await visitor.heading('Invoices');
    await visitor.page.waitForFunction(() => document.querySelector('.skeleton') === null);
  });

  step('sees that usage, ledger and invoices say the same', async () => {
    const { page } = visitor;
    await visitor.go('Reconciliation');
    await page
      .getByRole('row', { name: /The ledger balances.*holds/ })
      .first()
      .waitFor();
    await page
      .getByRole('row', { name: /Invoices and ledger agree.*holds/ })
      .first()
      .waitFor();
  });

  step('signs out; the pages are closed', async () => {
    await visitor.button('Sign out');
    await visitor.heading('Operator');
    await visitor.open('/operator/plans');
    await visitor.heading('Operator');
    expect(visitor.complaints).toEqual([]);
  });
});

test('a provider who opens an operator’s page is asked to sign in as one, and sees nothing of it', async () => {
  const other = await Visitor.arrive(chromium, site.holdline.apiUrl);
  await other.signIn(owner.email, owner.password);
  await other.open('/operator/tenants');
  await other.heading('Operator');
  expect(await other.page.getByRole('table').count()).toBe(0);
  await other.leave();
});
