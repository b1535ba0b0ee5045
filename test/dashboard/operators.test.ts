import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { startChromium, type Chromium } from '../support/chromium.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
let visitor: Visitor;
let newcomer: Visitor;

beforeAll(async () => {
  chromium = await startChromium();
  visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  newcomer = await Visitor.arrive(chromium, site.holdline.apiUrl);
}, 60_000);
afterAll(() => chromium?.close());

describe('operators among themselves', () => {
  const step = inOrder(() => visitor);
  const colleague = {
    email: `colleague-${randomUUID().slice(0, 8)}@holdline.example`,
    password: '',
  };

  step('one adds another, whose password is shown once', async () => {
    const { page } = visitor;
    await visitor.signInAsOperator(site.operator);
    await visitor.go('Operators');
    await visitor.button('Add an operator');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill(colleague.email);
    await dialog.getByLabel('Your password').fill('not mine');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.getByText('is not your password').first().waitFor();
    await dialog.getByLabel('Your password').fill(site.operator.password);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await visitor.sees(`${colleague.email} is an operator now`);
    const shown = page.getByRole('group', { name: 'initial password' }).locator('pre');
    colleague.password = (await shown.innerText()).trim();
    await visitor.button('Done');
    await page.getByRole('row', { name: new RegExp(`${colleague.email}.*off`) }).waitFor();
  });

  step('who is new signs in, and takes a password of their own', async () => {
    const { page } = newcomer;
    await newcomer.signInAsOperator(colleague);
    await page.getByRole('link', { name: 'Account' }).click();
    await newcomer.heading('Account');
    await newcomer.button('Change it');
    await page.getByLabel('Present password').fill(colleague.password);
    colleague.password = 'a password of my own';
    await page.getByLabel('New password').fill(colleague.password);
    await page.getByRole('dialog').getByRole('button', { name: 'Change it' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  step('turns two-step sign-in on, and signs in with a code', async () => {
    const { page } = newcomer;
    await newcomer.button('Turn it on');
    await page.getByLabel('Your password').fill(colleague.password);
    await newcomer.button('Go on');
    const secret = await page
      .getByRole('group', { name: 'secret', exact: true })
      .locator('pre')
      .innerText();
    const code = (ahead = 0) =>
      generateSync({ secret, epoch: Math.floor((Date.now() + ahead) / 1000) });
    await page.getByLabel('Code', { exact: true }).fill(code());
    await page.getByRole('dialog').getByRole('button', { name: 'Turn it on' }).click();
    await newcomer.button('I have kept them');
    await newcomer.sees('10 of 10 recovery codes are left');
    await newcomer.button('Sign out');
    await newcomer.heading('Operator');
    await page.getByLabel('E-mail').fill(colleague.email);
    await page.getByLabel('Password').fill(colleague.password);
    await newcomer.button('Sign in');
    // The next one: that of now is spent.
    await page.getByLabel('Code').fill(code(30_000));
    await newcomer.button('Sign in');
    await newcomer.heading('Tenants');
  });

  step('what they did is in the log, which shows one of them alone if need be', async () => {
    const { page } = visitor;
    await visitor.go('Log');
    await visitor.heading('Log');
    await page.getByLabel('Operator').selectOption({ label: colleague.email });
    const log = page.getByRole('region', { name: 'Log' });
    for (const action of ['two-step.enabled', 'password.changed', 'operator.signed-in'])
      await log.getByText(action).first().waitFor();
    expect(await log.getByText('operator.added').count()).toBe(0);
  });

  step('who is removed is out at once', async () => {
    const { page } = visitor;
    await visitor.go('Operators');
    await page.getByRole('row', { name: new RegExp(`${colleague.email}.*on`) }).waitFor();
    await visitor.button(`Remove ${colleague.email}`);
    await page.getByLabel('Your password').fill(site.operator.password);
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText(colleague.email).waitFor({ state: 'detached' });
    await newcomer.open('/operator/tenants');
    await newcomer.heading('Operator');
  });

  test('the browsers complained of nothing', () => {
    expect([...visitor.complaints, ...newcomer.complaints]).toEqual([]);
  });
});
