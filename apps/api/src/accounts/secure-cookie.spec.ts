import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi({ apiUrl: 'https://api.test' });
});
afterAll(() => t.stop());

test('behind TLS the cookies are for secure connections and for this very host, and the browser is told to stay with TLS', async () => {
  const answer = await t.nobody('POST', '/v1/login', {
    body: { email: t.demo.email, password: t.demo.password },
  });
  const cookie = String(answer.headers['set-cookie']);
  expect(cookie).toMatch(
    /^__Host-holdline_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect(answer.headers['strict-transport-security']).toMatch(/^max-age=\d+/);
  const [pair = ''] = cookie.split(';', 1);
  expect((await t.withCookie(pair)('GET', '/v1/me')).status).toBe(200);
  const unprefixed = pair.replace('__Host-', '');
  expect((await t.withCookie(unprefixed)('GET', '/v1/me')).status).toBe(401);

  const operator = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  expect(String(operator.headers['set-cookie'])).toMatch(
    /^__Host-holdline_operator=.*; HttpOnly; Secure; SameSite=Strict$/,
  );
});
