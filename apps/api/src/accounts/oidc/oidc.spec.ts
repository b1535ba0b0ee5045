import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sealContext } from '#access';
import {
  signInAtProvider,
  startOpenidProvider,
  type OpenidProvider,
} from '../../../../../test/support/openid-provider.js';
import {
  API_URL,
  PASSWORD,
  startTestApi,
  type Answer,
  type SignedUp,
  type TestApi,
} from '../../testing/test-api.js';

const CALLBACK = `${API_URL}/v1/login/oidc/callback`;
const CONTEXT = sealContext({ tenantId: '', table: 'cookie', column: 'oidc', id: '' });

let t: TestApi;
let provider: OpenidProvider;
beforeAll(async () => {
  provider = await startOpenidProvider(() => CALLBACK);
  const { issuer, clientId, clientSecret } = provider;
  t = await startTestApi({ oidc: { issuer, clientId, clientSecret, name: 'School' } });
});
afterAll(async () => {
  await t?.stop();
  await provider?.stop();
});

/** A browser that was led to the provider: what it keeps, and where it goes. */
interface Led {
  readonly kept: string;
  readonly url: string;
}

const cookieOf = ({ headers }: Answer, name: string) =>
  new RegExp(`\\b(${name}=[^;,]+)`).exec(String(headers['set-cookie']))?.[1];

async function begin(back = ''): Promise<Led> {
  const answer = await t.nobody('GET', `/v1/login/oidc${back && `?back=${back}`}`);
  expect(answer.status).toBe(302);
  return { kept: cookieOf(answer, 'holdline_oidc') ?? '', url: String(answer.headers['location']) };
}

async function beginLink(user: SignedUp): Promise<Led> {
  const answer = await user.call('POST', '/v1/account/identities/link', {
    body: { password: user.password },
  });
  expect(answer.status).toBe(200);
  return { kept: cookieOf(answer, 'holdline_oidc') ?? '', url: answer.body.url };
}

const comeBack = (to: URL, cookie: string) =>
  t.nobody('GET', `${to.pathname}${to.search}`, { headers: { cookie } });

async function signIn(name: string, back = ''): Promise<Answer> {
  const { kept, url } = await begin(back);
  return comeBack(await signInAtProvider(url, name), kept);
}

async function link(user: SignedUp, name: string, cookie = user.cookie): Promise<Answer> {
  const { kept, url } = await beginLink(user);
  return comeBack(await signInAtProvider(url, name), `${cookie}; ${kept}`);
}

function expectRefused(answer: Answer, code = 'unauthenticated', page = 'login') {
  expect([answer.status, answer.headers['location']]).toEqual([
    302,
    `/dashboard/${page}?problem=${code}`,
  ]);
  expect(cookieOf(answer, 'holdline_session')).toBeUndefined();
}

async function whoIs(answer: Answer) {
  const cookie = cookieOf(answer, 'holdline_session') ?? '';
  const me = await t.withCookie(cookie)('GET', '/v1/me');
  return { ...me.body.user, call: t.withCookie(cookie) };
}

async function signUpAs(email: string): Promise<SignedUp> {
  const answer = await t.nobody('POST', '/v1/signup', { body: { email, password: PASSWORD } });
  const cookie = cookieOf(answer, 'holdline_session') ?? '';
  const { user, tenant, app } = answer.body;
  return {
    ...{ email, password: PASSWORD, cookie, call: t.withCookie(cookie) },
    ...{ userId: user.id, tenantId: tenant.id, appId: app.id },
  };
}

/** The browser's own cookie, with something in it changed. It takes the server's key. */
function changed(kept: string, change: Record<string, unknown>): string {
  const [name = '', sealed = ''] = kept.split('=', 2);
  const text = t.secrets.open(decodeURIComponent(sealed), CONTEXT);
  const other = JSON.stringify({ ...(JSON.parse(text) as object), ...change });
  return `${name}=${encodeURIComponent(t.secrets.seal(other, CONTEXT))}`;
}

describe('signing in through a provider', () => {
  test('makes an account once, however many browsers come first at the same moment', async () => {
    const answers = await Promise.all(['anna', 'anna', 'anna'].map((name) => signIn(name)));
    const people = await Promise.all(answers.map(whoIs));
    expect(new Set(people.map(({ id }) => id)).size).toBe(1);
    expect(people[0].email).toBe('anna@school.example');
    const { body } = await people[0].call('GET', '/v1/audit');
    const entry = body.data.find((one: { action: string }) => one.action === 'login.succeeded');
    expect(entry.after).toEqual({ identity: provider.issuer });
  });

  test('goes on where one was going, on our own pages alone', async () => {
    const answer = await signIn('anna', '/keys');
    expect(answer.headers['location']).toBe('/dashboard/keys');
    for (const back of ['//x.example', '/%5Cx.example', 'https://x.example', '/%0Ax', '@x.example'])
      expect((await t.nobody('GET', `/v1/login/oidc?back=${back}`)).status).toBe(400);
  });

  test('an account that it made has no password: none signs in, and what asks for one says so', async () => {
    const { email, call } = await whoIs(await signIn('carla'));
    expect((await call('GET', '/v1/account')).body).toMatchObject({
      hasPassword: false,
      identities: [{ issuer: provider.issuer }],
    });
    for (const password of ['none', 'x', PASSWORD]) {
      const login = await t.nobody('POST', '/v1/login', { body: { email, password } });
      expect(login.body.code).toBe('unauthenticated');
      const change = await call('PUT', '/v1/account/password', {
        body: { password, newPassword: 'another long password' },
      });
      expect([change.status, change.body.detail]).toEqual([
        403,
        expect.stringContaining('has no password'),
      ]);
    }
  });

  test('an address that the provider has not verified makes no account', async () => {
    provider.unverified.add('mallory');
    expectRefused(await signIn('mallory'), 'forbidden');
    const login = await t.database.asSystem((tx) =>
      tx.user.count({ where: { email: 'mallory@school.example' } }),
    );
    expect(login).toBe(0);
  });
});

describe('an account is taken over by nobody', () => {
  test('who has its e-mail address at the provider gets no account of it', async () => {
    await signUpAs('ben@school.example');
    expectRefused(await signIn('ben'), 'conflict');
    // Nor later, when the first time was refused.
    expectRefused(await signIn('ben'), 'conflict');
  });

  test('its owner links it, with the password again; then it signs in, until it is unlinked', async () => {
    const user = await signUpAs('dora@school.example');
    const ask = (path: string, body: object) =>
      user.call('POST', `/v1/account/identities/${path}`, { body });
    expect((await ask('link', { password: 'not mine' })).status).toBe(403);
    const linked = await link(user, 'dora');
    expect(linked.headers['location']).toBe('/dashboard/account');
    expect((await whoIs(await signIn('dora'))).id).toBe(user.userId);
    const { issuer } = provider;
    expect((await ask('unlink', { password: 'not mine', issuer })).status).toBe(403);
    const other = { password: user.password, issuer: 'https://other.example' };
    expect((await ask('unlink', other)).status).toBe(404);
    expect((await ask('unlink', { password: user.password, issuer })).status).toBe(204);
    expectRefused(await signIn('dora'), 'conflict');
    const { body } = await user.call('GET', '/v1/audit');
    expect(body.data.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['identity.linked', 'identity.unlinked']),
    );
  });

  test('an identity of somebody else is not linked a second time', async () => {
    await signIn('emil');
    const other = await signUpAs('other@school.example');
    expectRefused(await link(other, 'emil'), 'conflict', 'account');
  });

  test('a link from another site begins none: what is begun without the password only signs in', async () => {
    const victim = await signUpAs('victim@school.example');
    expect((await t.nobody('GET', '/v1/login/oidc?link=true')).status).toBe(400);
    const { kept, url } = await begin();
    const answer = await comeBack(
      await signInAtProvider(url, 'attacker'),
      `${victim.cookie}; ${kept}`,
    );
    expect((await whoIs(answer)).email).toBe('attacker@school.example');
    const linked = await t.database.asSystem((tx) =>
      tx.oidcIdentity.count({ where: { userId: victim.userId } }),
    );
    expect(linked).toBe(0);
  });

  test('what one person began is not finished in the session of another, or in none', async () => {
    const [one, other] = [
      await signUpAs('one@school.example'),
      await signUpAs('two@school.example'),
    ];
    expectRefused(await link(one, 'fred', other.cookie), 'unauthenticated', 'account');
    expectRefused(await link(one, 'fred', 'x=y'), 'unauthenticated', 'account');
    expect((await other.call('GET', '/v1/account')).body.identities).toEqual([]);
  });
});

describe('what comes back is refused', () => {
  test.each([
    ['without what was kept', () => 'x=y'],
    ['with something made up', () => 'holdline_oidc=made-up'],
    ['in another browser, which began as well', async () => (await begin()).kept],
    ['with another state', (kept: string) => changed(kept, { state: 'other' })],
    ['with another nonce', (kept: string) => changed(kept, { nonce: 'other' })],
    ['with another PKCE verifier', (kept: string) => changed(kept, { verifier: 'v'.repeat(43) })],
  ])('%s', async (_what, cookie) => {
    const { kept, url } = await begin();
    const to = await signInAtProvider(url, 'gina');
    expectRefused(await comeBack(to, await cookie(kept)));
  });

  test('a second time', async () => {
    const { kept, url } = await begin();
    const to = await signInAtProvider(url, 'gina');
    expect(cookieOf(await comeBack(to, kept), 'holdline_session')).toBeDefined();
    expectRefused(await comeBack(to, kept));
  });

  test('after ten minutes', async () => {
    const { kept, url } = await begin();
    const to = await signInAtProvider(url, 'gina');
    t.clock.advance(10 * 60_000 + 1);
    expectRefused(await comeBack(to, kept));
  });

  test('when the person said no, or with a code that was made up', async () => {
    const { kept, url } = await begin();
    const state = new URL(url).searchParams.get('state') ?? '';
    const iss = encodeURIComponent(provider.issuer);
    for (const query of [
      `error=access_denied&state=${state}&iss=${iss}`,
      `code=x&state=${state}&iss=${iss}`,
      `code=x&state=${state}&iss=https://elsewhere.example`,
    ])
      expectRefused(await comeBack(new URL(`${CALLBACK}?${query}`), kept));
  });
});

test('whatever was refused, no secret of it stands in the log', () => {
  const log = t.log();
  expect(log).not.toContain(provider.clientSecret);
  expect(log).not.toMatch(/code_verifier|id_token|holdline_oidc=/);
});
