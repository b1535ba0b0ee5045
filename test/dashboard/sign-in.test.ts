import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
let visitor: Visitor;
let owner: ControlPlane;

beforeAll(async () => {
  chromium = await startChromium();
  owner = await ControlPlane.signUp(site.holdline.apiUrl);
  // Browsers keep passkeys for names, not for addresses.
  const { port } = new URL(site.holdline.apiUrl);
  visitor = await Visitor.arrive(chromium, `http://localhost:${port}`);
  const devtools = await visitor.context.newCDPSession(visitor.page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}, 60_000);
afterAll(() => chromium?.close());

const STEP_MS = 30_000;

describe('somebody who cares about their account', () => {
  const step = inOrder(() => visitor);
  let secret = '';
  let recovery: string[] = [];
  const code = (ahead = 0) =>
    generateSync({ secret, epoch: Math.floor((Date.now() + ahead) / 1000) });

  const signOut = async () => {
    await visitor.button('Sign out');
    await visitor.heading('Sign in');
  };
  const password = async () => {
    const { page } = visitor;
    await page.getByLabel('E-mail').fill(owner.email);
    await page.getByLabel('Password').fill(owner.password);
    await visitor.button('Sign in');
  };

  step('turns two-step sign-in on, with an authenticator app', async () => {
    const { page } = visitor;
    await visitor.signIn(owner.email, owner.password);
    await page.getByRole('link', { name: 'Account' }).click();
    await visitor.heading('Account');
    await visitor.button('Turn it on');
    await page.getByLabel('Your password').fill('not mine');
    await visitor.button('Go on');
    await visitor.sees('is not your password');
    await page.getByLabel('Your password').fill(owner.password);
    await visitor.button('Go on');
    await page.getByRole('img', { name: 'QR code of the secret below' }).waitFor();
    secret = await page
      .getByRole('group', { name: 'secret', exact: true })
      .locator('pre')
      .innerText();
    await page.getByLabel('Code', { exact: true }).fill(code());
    await page.getByRole('dialog').getByRole('button', { name: 'Turn it on' }).click();
    const codes = page.getByRole('group', { name: 'recovery codes' }).locator('pre');
    recovery = (await codes.innerText()).trim().split('\n');
    expect(recovery).toHaveLength(10);
    await visitor.button('I have kept them');
    await visitor.sees('10 of 10 recovery codes are left');
  });

  step('makes new recovery codes in place of those', async () => {
    const { page } = visitor;
    await visitor.button('New recovery codes');
    await page.getByLabel('Your password').fill(owner.password);
    await visitor.button('Make them');
    const codes = page.getByRole('group', { name: 'recovery codes' }).locator('pre');
    const made = (await codes.innerText()).trim().split('\n');
    expect(made.filter((one) => recovery.includes(one))).toEqual([]);
    recovery = made;
    await visitor.button('I have kept them');
  });

  step('signs in with a code, which is worth nothing a second time', async () => {
    const { page } = visitor;
    await signOut();
    await password();
    // The code of this half minute was taken: the next one is good already.
    const next = code(STEP_MS);
    await page.getByLabel('Code', { exact: true }).fill(next);
    await visitor.button('Sign in');
    await visitor.heading('Overview');
    await signOut();
    await password();
    await page.getByLabel('Code', { exact: true }).fill(next);
    await visitor.button('Sign in');
    await page.getByRole('alert').getByText('wrong').first().waitFor();
  });

  step('signs in with a recovery code', async () => {
    await visitor.page.getByLabel('Code', { exact: true }).fill(recovery[0] ?? '');
    await visitor.button('Sign in');
    await visitor.heading('Overview');
  });

  step('adds a passkey, and signs in with it alone', async () => {
    const { page } = visitor;
    await page.getByRole('link', { name: 'Account' }).click();
    await visitor.sees('9 of 10 recovery codes are left');
    await visitor.button('Add a passkey');
    await page.getByLabel('Name').fill('This laptop');
    await page.getByLabel('Your password').fill(owner.password);
    await visitor.button('Add it');
    const passkeys = page.getByRole('region', { name: 'Passkeys' });
    await passkeys.getByText('This laptop').waitFor();
    await passkeys.getByText('never').waitFor();
    await signOut();
    await visitor.button('Sign in with a passkey');
    await visitor.heading('Overview');
    await page.getByRole('link', { name: 'Account' }).click();
    await passkeys.getByText('never').waitFor({ state: 'detached' });
  });

  step('removes the passkey, which signs in no more', async () => {
    const { page } = visitor;
    await visitor.button('Remove This laptop');
    await page.getByLabel('Your password').fill(owner.password);
    await visitor.button('Remove it');
    await visitor.sees('No passkey yet');
    await signOut();
    await visitor.button('Sign in with a passkey');
    await visitor.sees('This passkey does not sign in here');
  });

  step('changes the password and turns two-step sign-in off', async () => {
    const { page } = visitor;
    await password();
    await page.getByLabel('Code', { exact: true }).fill(recovery[1] ?? '');
    await visitor.button('Sign in');
    await visitor.heading('Overview');
    await page.getByRole('link', { name: 'Account' }).click();
    await visitor.button('Change it');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Present password').fill(owner.password);
    await dialog.getByLabel('New password').fill(`${owner.password} new`);
    await dialog.getByRole('button', { name: 'Change it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await visitor.button('Turn it off');
    await page.getByLabel('Your password').fill(`${owner.password} new`);
    await page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).click();
    await page.getByRole('button', { name: 'Turn it on' }).waitFor();
    // Whoever was signed in with the old password is out.
    expect((await owner.ask('/v1/me')).status).toBe(401);
  });

  step('finds all of it in the audit log', async () => {
    await visitor.go('Audit log');
    for (const action of [
      'passkey.added',
      'passkey.removed',
      'two-step.enabled',
      'password.changed',
    ])
      await visitor.sees(action);
    expect(visitor.complaints).toEqual([]);
  });
});

test('a browser without a passkey says so, and the password still signs in', async () => {
  const other = await Visitor.arrive(chromium, site.holdline.apiUrl);
  await other.open('/login');
  await other.button('Sign in with a passkey');
  await other.sees('No passkey was used');
  await other.leave();
});
