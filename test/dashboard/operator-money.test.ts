/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import pg from 'pg';
import { lendDatabase, type LentDatabase } from '../../libs/database/src/testing/lent-database.js';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { eventually } from '../support/eventually.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';
import { makeWorld, type World } from './world.js';

let lent: LentDatabase;
let chromium: Chromium;
let world: World;
let visitor: Visitor;
const METER = 'messages_published';

beforeAll(async () => {
  lent = await lendDatabase();
  [world, chromium] = await Promise.all([makeWorld({ postgres: lent.url }), startChromium()]);
  await stripeDisagrees();
  visitor = await Visitor.arrive(chromium, world.holdline.apiUrl);
}, 120_000);
afterAll(async () => {
  await chromium?.close();
  await world?.end();
  await lent?.giveBack();
});

/** As a month with Stripe leaves it: two hours that it did not take, an event that was not taken in, and a difference. */
async function stripeDisagrees(): Promise<void> {
  const client = new pg.Client(lent.url);
  await client.connect();
  await client.query('SET ROLE holdline_system');
  const hour = (ago: number) => new Date(Math.floor(Date.now() / 3_600_000 - ago) * 3_600_000);
  for (const [at, state, fault] of [
    [hour(30), 'refused', 'No such meter.'],
    [hour(40 * 24), 'expired', 'Stripe takes no hours that are older than 35 days.'],
  ])
    await client.query(
      `INSERT INTO stripe_hour (tenant_id, meter, hour, version, units, state, next_at, fault)
       VALUES ($1, $2, $3, 1, 5000, $4, $3, $5)`,
      [world.tenant, METER, at, state, fault],
    );
  await client.query(
    `INSERT INTO stripe_difference (key, kind, tenant_id, ours, theirs, note, found_at)
     VALUES ('invoice:1:total', 'invoice_amount', $1, '4900', '4800', 'Correct it there.', now())`,
    [world.tenant],
  );
  await client.query(
    `INSERT INTO stripe_event (id, type, object_id, created, received_at, via, state, next_at, fault)
     VALUES ('evt_1', 'invoice.paid', 'in_1', now(), now(), 'webhook', 'failed', now(), 'No such invoice.')`,
  );
  await client.end();
}

/** Money, on the day after a month’s end. */
describe('an operator who keeps the books', () => {
  const step = inOrder(() => visitor);
  const invoices = () => visitor.page.getByRole('region', { name: 'Invoices' });
  const row = (name: RegExp) => invoices().getByRole('row', { name });

  step('takes an invoice back and has the period drawn up anew', async () => {
    const { page } = visitor;
    await visitor.signInAsOperator(world.holdline.demo.operator);
    await visitor.go('Invoices');
    await row(/Acme Learning.*open/).waitFor();
    await visitor.button(/^Void HL-/);
    await visitor.sees('unless it is drawn up anew');
    await page.getByRole('dialog').getByLabel('Draw the period up anew at once').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Void' }).click();
    await row(/void/).waitFor();
    await world.passTime(120_000);
    const { apiUrl, demo } = world.holdline;
    const operator = await ControlPlane.operator(apiUrl, demo.operator);
    await eventually('it is drawn up anew', 30_000, async () => {
      const open = await operator.list('/v1/operator/invoices?state=open');
      return open.length === 1;
    });
    await page.reload();
    await page.getByLabel('State', { exact: true }).selectOption('open');
    await row(/Acme Learning.*open/).waitFor();
  });

  step('enters a payment in two parts: what was paid of is voided no more', async () => {
    const { page } = visitor;
    await page.getByLabel('State', { exact: true }).selectOption('');
    await pay('10', 'bank-1');
    await row(/open.*€10\.00/).waitFor();
    await visitor.button(/^Void HL-/);
    await page.getByRole('dialog').getByRole('button', { name: 'Void' }).click();
    await page.getByRole('dialog').getByText('Give credit instead').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await pay(null, 'bank-2');
    await page.getByRole('button', { name: /^Enter a payment/ }).waitFor({ state: 'detached' });
  });

  const pay = async (sum: string | null, ref: string) => {
    await visitor.button(/^Enter a payment of HL-/);
    const dialog = visitor.page.getByRole('dialog');
    if (sum !== null) await dialog.getByLabel('Amount in EUR').fill(sum);
    await dialog.getByLabel('Reference').fill(ref);
    await dialog.getByRole('button', { name: 'Enter it' }).click();
    await dialog.waitFor({ state: 'detached' });
  };

  step('reads on the tenant’s page that all is paid, and writes its address and tax', async () => {
    const { page } = visitor;
    await visitor.go('Tenants');
    await visitor.heading('Tenants');
    await page.getByRole('link', { name: 'Acme Learning' }).click();
    await row(/paid/).first().waitFor();
    await visitor.button('Address and tax');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Acme Learning GmbH');
    await dialog.getByLabel('Percent').fill('19');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await visitor.sees('19 %');
  });

  step('sends an hour again that Stripe refused, and gives up one that is too old', async () => {
    const { page } = visitor;
    await visitor.go('Reconciliation');
    await page.getByRole('row', { name: /Stripe has every hour.*look: 2/ }).waitFor();
    const hours = page.getByRole('region', { name: 'Hours that Stripe did not take' });
    await hours.getByRole('button', { name: /^Send again/ }).click();
    await page.getByRole('row', { name: /Stripe has every hour.*look: 1/ }).waitFor();
    await hours.getByRole('button', { name: /^Give up/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why it cannot be sent').fill('Stripe was away for five weeks.');
    await dialog.getByRole('button', { name: 'Give it up' }).click();
    await hours.waitFor({ state: 'detached' });
  });

  step('takes in an event again that could not be taken in', async () => {
    const { page } = visitor;
    await visitor.sees('No such invoice.');
    await visitor.button('Take in again evt_1');
    await page.getByText('No such invoice.').waitFor({ state: 'detached' });
  });

  step('settles a difference, with why', async () => {
    const { page } = visitor;
    await page.getByRole('row', { name: /invoice_amount.*open/ }).waitFor();
    await visitor.button(/^Settle/);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why it is no difference any more').fill('Credited at Stripe.');
    await dialog.getByRole('button', { name: 'Settle' }).click();
    await page.getByRole('row', { name: /invoice_amount.*settled.*Credited at Stripe/ }).waitFor();
  });

  step('after all of that the books agree, and the tenant has read what was done', async () => {
    const { page } = visitor;
    for (const name of [
      'The ledger balances',
      'Invoices and ledger agree',
      'Payments agree',
      'Nothing is left in clearing',
    ])
      await page.getByRole('row', { name: new RegExp(`${name}.*holds`) }).waitFor();
    const { json } = await world.owner.ask('/v1/audit?limit=50');
    const actions = (json as { data: { action: string }[] }).data.map(({ action }) => action);
    for (const action of [
      ...['invoice.voided', 'payment.recorded', 'billing.updated'],
      ...['stripe-hour.retried', 'stripe-hour.forgone', 'difference.settled'],
    ])
      expect(actions).toContain(action);
    expect(visitor.complaints).toEqual([]);
  });
});
