import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { startHoldline, type Holdline } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { startOpenidProvider, type OpenidProvider } from '../support/openid-provider.js';
import { Visitor } from './visitor.js';

let chromium: Chromium;
let provider: OpenidProvider;
let holdline: Holdline;

beforeAll(async () => {
  // The provider knows where it may send people, so the port is chosen before both.
  const port = await freePort();
  provider = await startOpenidProvider(() => `http://127.0.0.1:${port}/v1/login/oidc/callback`);
  [holdline, chromium] = await Promise.all([
    startHoldline({
      postgres: 'lent',
      env: {
        API_PORT: String(port),
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: provider.clientId,
        OIDC_CLIENT_SECRET: provider.clientSecret,
        OIDC_NAME: 'School',
      },
    }),
    startChromium(),
  ]);
}, 90_000);
afterAll(async () => {
  await chromium?.close();
  await holdline?.stop();
  await provider?.stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Types a name at the provider, and agrees. */
async function atTheProvider({ page }: Visitor, name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

const arrive = () => Visitor.arrive(chromium, holdline.apiUrl);

describe('signing in through the organisation’s own provider', () => {
  test('makes an account at the first time, and signs in to it at the next', async () => {
    const tenants: unknown[] = [];
    for (const heading of ['Limits', 'Overview']) {
      const visitor = await arrive();
      await visitor.open(heading === 'Limits' ? '/limits' : '/login');
      await visitor.page.getByRole('link', { name: 'Continue with School' }).click();
      await atTheProvider(visitor, 'anna');
      // Where one was going.
      await visitor.heading(heading);
      await visitor.sees('anna@school.example');
      const me = await visitor.page.evaluate(async () => (await fetch('/v1/me')).json() as unknown);
      tenants.push((me as { tenant: { id: string } }).tenant.id);
      await visitor.leave();
    }
    expect(tenants[0]).toBe(tenants[1]);
  });

  test('is given nobody’s account because of the address alone: its owner links it', async () => {
    const ben = await ControlPlane.signUp(holdline.apiUrl, 'Ben’s', 'ben@school.example');
    const visitor = await arrive();
    await visitor.open('/login');
    await visitor.page.getByRole('link', { name: 'Continue with School' }).click();
    await atTheProvider(visitor, 'ben');
    await visitor.sees('Your e-mail address has an account here');
    expect(await visitor.faults()).toEqual([]);
    await visitor.signIn(ben.email, ben.password);
    await visitor.page.getByRole('link', { name: 'Account' }).click();
    await visitor.button('Link School');
    await visitor.page.getByLabel('Your password').fill(ben.password);
    await visitor.button('Go there');
    // The provider knows the browser by now, and asks nothing.
    await visitor.sees(provider.issuer);
    await visitor.button('Sign out');
    await visitor.page.getByRole('link', { name: 'Continue with School' }).click();
    await visitor.heading('Overview');
    await visitor.sees('ben@school.example');
    await visitor.page.getByRole('link', { name: 'Account' }).click();
    await visitor.page.getByRole('button', { name: `Unlink ${provider.issuer}` }).waitFor();
    expect(await visitor.faults()).toEqual([]);
    await visitor.button(`Unlink ${provider.issuer}`);
    await visitor.page.getByLabel('Your password').fill(ben.password);
    await visitor.button('Unlink it');
    await visitor.page.getByRole('button', { name: 'Link School' }).waitFor();
    const audit = await ben.ask('/v1/audit?limit=20');
    expect(JSON.stringify(audit.json)).toContain('identity.linked');
    expect(JSON.stringify(audit.json)).toContain('identity.unlinked');
    await visitor.leave();
  });

  test('an address that the provider has not verified makes no account', async () => {
    provider.unverified.add('mallory');
    const visitor = await arrive();
    await visitor.open('/login');
    await visitor.page.getByRole('link', { name: 'Continue with School' }).click();
    await atTheProvider(visitor, 'mallory');
    await visitor.sees('told no e-mail address that it has verified');
    await visitor.leave();
  });

  test('what comes back in another browser, with another state or made up signs nobody in', async () => {
    const callback = `${holdline.apiUrl}/v1/login/oidc/callback`;
    const begun = await ask(`${holdline.apiUrl}/v1/login/oidc`, {});
    expect(begun.status).toBe(302);
    const to = new URL(String(begun.headers['location']));
    expect(to.searchParams.get('code_challenge_method')).toBe('S256');
    const cookie = String(begun.headers['set-cookie']).split(';', 1)[0] ?? '';
    const state = to.searchParams.get('state');
    for (const [query, sent] of [
      [`code=x&state=${state}`, ''],
      [`code=x&state=${state}`, 'holdline_oidc=made-up'],
      ['code=x&state=other', cookie],
      [`code=x&state=${state}`, cookie],
      [`error=access_denied&state=${state}`, cookie],
    ] as const) {
      const { status, headers } = await ask(`${callback}?${query}`, {
        headers: sent === '' ? {} : { cookie: sent },
      });
      expect(status).toBe(302);
      expect(String(headers['location'])).toContain('/dashboard/login?problem=');
      expect(String(headers['set-cookie'])).not.toContain('holdline_session=');
    }
  });

  test('leads to no other site afterwards', async () => {
    for (const back of [
      '//elsewhere.example',
      '/\\elsewhere.example',
      'https://elsewhere.example',
    ]) {
      const { status } = await ask(
        `${holdline.apiUrl}/v1/login/oidc?back=${encodeURIComponent(back)}`,
        {},
      );
      expect(status).toBe(400);
    }
  });
});
