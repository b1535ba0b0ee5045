import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API_URL, startTestApi, type TestApi } from '../testing/test-api.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const HOUR = 3_600_000;

describe('accounts', () => {
  test('signing up makes a user, a tenant that it owns and a first app, and signs in', async () => {
    const answer = await t.nobody('POST', '/v1/signup', {
      body: { email: ' New.Person@Example.com ', password: 'long enough!', tenantName: 'Acme' },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      user: { email: 'new.person@example.com' },
      tenant: { name: 'Acme', status: 'active' },
      role: 'owner',
      app: { name: 'default', allowedOrigins: ['*'] },
    });
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(
      /^holdline_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const me = await t.withCookie(cookie.split(';', 1)[0]!)('GET', '/v1/me');
    expect(me.body).toMatchObject({
      user: { email: 'new.person@example.com' },
      role: 'owner',
      tenants: [{ role: 'owner', tenant: { name: 'Acme' } }],
    });
  });

  test('a taken e-mail address is refused as a conflict, whatever its case', async () => {
    const { email } = await t.signUp();
    const answer = await t.nobody('POST', '/v1/signup', {
      body: { email: email.toUpperCase(), password: 'another password' },
    });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('conflict');
  });

  test('each fault of a body is named with a JSON pointer', async () => {
    const answer = await t.nobody('POST', '/v1/signup', {
      body: { email: 'no address', password: 'short', admin: true },
    });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/email', '/password']));
    expect(answer.body.type).toBe(`${API_URL}/docs/errors/invalid_request`);
  });

  test('signing in works with the password alone; a wrong one and an unknown address get the same answer', async () => {
    const { email, password, tenantId } = await t.signUp();
    const right = await t.nobody('POST', '/v1/login', { body: { email, password } });
    expect(right.status).toBe(200);
    expect(right.body).toMatchObject({ user: { email }, role: 'owner', tenant: { id: tenantId } });

    const wrong = await t.nobody('POST', '/v1/login', {
      body: { email, password: `${password}!` },
    });
    const unknown = await t.nobody('POST', '/v1/login', {
      body: { email: 'nobody@example.com', password },
    });
    expect(wrong.status).toBe(401);
    expect({ ...wrong.body, requestId: null }).toEqual({ ...unknown.body, requestId: null });
  });

  test('signing in again ends the browser’s former session and never takes over a planted cookie', async () => {
    const user = await t.signUp();
    const again = await t.withCookie(user.cookie)('POST', '/v1/login', {
      body: { email: user.email, password: user.password },
    });
    expect(String(again.headers['set-cookie'])).not.toContain(user.cookie);
    expect((await user.call('GET', '/v1/me')).status).toBe(401);

    const planted = `holdline_session=${'A'.repeat(43)}`;
    const victim = await t.withCookie(planted)('POST', '/v1/login', {
      body: { email: user.email, password: user.password },
    });
    expect(victim.status).toBe(200);
    expect((await t.withCookie(planted)('GET', '/v1/me')).status).toBe(401);
  });

  test('signing out ends the session on the server, not in the browser alone', async () => {
    const { call } = await t.signUp();
    const out = await call('POST', '/v1/logout');
    expect(out.status).toBe(204);
    expect(String(out.headers['set-cookie'])).toMatch(
      /^holdline_session=; .*Expires=Thu, 01 Jan 1970/,
    );
    expect((await call('GET', '/v1/me')).status).toBe(401);
  });

  test('a session ends after 12 hours without use, and after 7 days in any case', async () => {
    const idle = await t.signUp();
    t.clock.advance(11 * HOUR);
    expect((await idle.call('GET', '/v1/me')).status).toBe(200);
    t.clock.advance(11 * HOUR);
    expect((await idle.call('GET', '/v1/me')).status).toBe(200);
    t.clock.advance(12 * HOUR);
    expect((await idle.call('GET', '/v1/me')).status).toBe(401);

    const busy = await t.signUp();
    for (let hours = 0; hours < 7 * 24 - 8; hours += 8) {
      t.clock.advance(8 * HOUR);
      expect((await busy.call('GET', '/v1/me')).status).toBe(200);
    }
    t.clock.advance(8 * HOUR);
    expect((await busy.call('GET', '/v1/me')).status).toBe(401);
  });

  test('the database never holds a cookie: its session table signs nobody in', async () => {
    const { cookie } = await t.signUp();
    const token = cookie.slice(cookie.indexOf('=') + 1);
    const rows = await t.database.asSystem((tx) => tx.session.findMany());
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test('a user of several tenants switches between them, and only between them', async () => {
    const owner = await t.signUp();
    const guest = await t.signUp();
    const added = await owner.call('POST', '/v1/members', {
      body: { email: guest.email, role: 'viewer' },
    });
    expect(added.status).toBe(201);
    const switched = await guest.call('POST', `/v1/tenants/${owner.tenantId}/switch`);
    expect(switched.status).toBe(200);
    expect(switched.body).toMatchObject({ tenant: { id: owner.tenantId }, role: 'viewer' });
    const cookie = String(switched.headers['set-cookie']).split(';', 1)[0]!;
    const apps = await t.withCookie(cookie)('GET', '/v1/apps');
    expect(apps.body.data.map((app: { id: string }) => app.id)).toEqual([owner.appId]);

    const stranger = await t.signUp();
    const foreign = await stranger.call('POST', `/v1/tenants/${owner.tenantId}/switch`);
    const missing = await stranger.call('POST', '/v1/tenants/ten_00000000000000000000/switch');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, requestId: null }).toEqual({ ...missing.body, requestId: null });
  });

  test('limits: a new tenant has the first plan, the demo tenant none', async () => {
    const { call } = await t.signUp();
    const first = await call('GET', '/v1/limits');
    expect(first.body.plan).toEqual({ holds_key: 10_000 });
    expect(first.body.protocol.publishBatch).toBe(1000);
    const demo = await t.withKey(t.demo.apiKey)('GET', '/v1/limits');
    expect(demo.body).toMatchObject({
      tenantId: t.demo.tenantId,
      plan: {},
    });
  });

  test('after five wrong passwords each costs time, for that account and address alone, and Retry-After says how long', async () => {
    const { email, password } = await t.signUp();
    const guess = (address: string, secret = 'wrong password') =>
      t.nobody('POST', '/v1/login', { body: { email, password: secret }, address });
    for (let i = 0; i < 5; i++) expect((await guess('192.0.2.1')).status).toBe(401);
    const slowed = await guess('192.0.2.1', password);
    expect(slowed.status).toBe(429);
    expect(slowed.body).toMatchObject({
      code: 'rate_limited',
      limit: { name: 'login_attempts', scope: 'account', max: 5, used: 5 },
    });
    expect(Number(slowed.headers['retry-after'])).toBe(1);
    expect((await guess('192.0.2.2', password)).status).toBe(200);
    t.clock.advance(1000);
    expect((await guess('192.0.2.1', password)).status).toBe(200);
    expect((await guess('192.0.2.1')).status).toBe(401);
  });

  test('no password and no hash of one is ever logged or shown', async () => {
    const { email, password, call } = await t.signUp();
    await t.nobody('POST', '/v1/login', { body: { email, password } });
    const me = await call('GET', '/v1/me');
    for (const text of [t.log(), me.text]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain('$argon2');
    }
  });
});
