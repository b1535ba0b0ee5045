import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, type RouteSpec } from '#contracts';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

const QUICK_MS = 3_000;

test('while PostgreSQL is away every route says so quickly; afterwards all goes on by itself', async () => {
  const delivery = t.withKey(t.secrets.derive('internal').toString('hex'));
  // The demo tenant is version 1; what the user's sign-up changed comes after it.
  await delivery('GET', '/internal/v1/config?since=1&wait=20');
  const before = await delivery('GET', '/internal/v1/config?since=0&wait=0');
  const operator = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  const operatorCall = t.withCookie(String(operator.headers['set-cookie']).split(';', 1)[0]!);
  await t.gate.shut();

  const bodies: Record<string, unknown> = {
    signup: { email: 'late@example.com', password: 'long enough' },
    login: { email: user.email, password: user.password },
    passkeyLogin: { credential: { id: 'x' } },
    operatorLogin: t.demo.operator,
  };
  for (const [name, route] of Object.entries(CONTROL_ROUTES) as [string, RouteSpec][]) {
    // Without a cookie there is nothing to end.
    if (name === 'operatorLogout') continue;
    // What asks the provider, or only the configuration.
    if (['loginOptions', 'passkeyLoginOptions', 'oidcBegin', 'oidcCallback'].includes(name))
      continue;
    // What is not signed is refused before anything is asked.
    if (name === 'stripeWebhook') continue;
    const call = route.auth === 'operator' ? operatorCall : user.call;
    const started = performance.now();
    const answer = await call(route.method, route.path.replace(/\{\w+\}/g, user.appId), {
      body: bodies[name],
    });
    expect([name, answer.status]).toEqual([name, 503]);
    expect(answer.body.code).toBe('unavailable');
    expect(answer.headers['retry-after']).toBeDefined();
    expect(answer.text).not.toMatch(/ECONNREFUSED|postgres|prisma|node_modules/i);
    expect(performance.now() - started).toBeLessThan(QUICK_MS);
  }
  expect((await t.withKey(t.demo.apiKey)('GET', '/v1/apps')).status).toBe(503);
  expect((await t.nobody('GET', '/healthz')).status).toBe(200);
  const notReady = await t.nobody('GET', '/readyz');
  expect(notReady.status).toBe(503);
  expect(notReady.body.parts.database.ok).toBe(false);

  const fromMemory = await delivery('GET', '/internal/v1/config?since=0&wait=0');
  expect(fromMemory.body).toEqual(before.body);

  await t.gate.open();
  expect((await user.call('GET', '/v1/apps')).status).toBe(200);
  expect((await t.nobody('GET', '/readyz')).status).toBe(200);
});

test('a database that takes connections but never answers is given up within three seconds', async () => {
  t.gate.silence();
  const calls = [
    () => user.call('GET', '/v1/me'),
    () => t.withKey(t.demo.apiKey)('POST', '/v1/apps', { body: { name: 'x' } }),
    () => t.nobody('POST', '/v1/login', { body: { email: user.email, password: user.password } }),
    () => t.nobody('GET', '/readyz'),
  ];
  await Promise.all(
    calls.map(async (call) => {
      const started = performance.now();
      expect((await call()).status).toBe(503);
      expect(performance.now() - started).toBeLessThan(QUICK_MS);
    }),
  );
  await t.gate.open();
  expect((await user.call('GET', '/v1/apps')).status).toBe(200);
});
