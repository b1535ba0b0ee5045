import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { DELIVERY_URL, startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

const tokenOf = (who: SignedUp, app: string) => who.call('POST', `/v1/apps/${app}/tokens`);

describe('the console’s token', () => {
  test('without a key that works there is nothing to sign it with, and the refusal says what to do', async () => {
    const answer = await tokenOf(user, user.appId);
    expect(answer.status).toBe(409);
    expect(answer.body.detail).toContain('Make one under Keys');
  });

  test('is signed with the widest key of the app, for a quarter of an hour, in the member’s name', async () => {
    const keys = `/v1/apps/${user.appId}/keys`;
    await user.call('POST', keys, { body: { capabilities: { 'room:*': ['subscribe'] } } });
    const { body: wide } = await user.call('POST', keys);
    await user.call('POST', keys, { body: { allowedIps: ['192.0.2.1'] } });
    const { status, body } = await tokenOf(user, user.appId);
    expect(status).toBe(201);
    expect(decodeProtectedHeader(body.token)).toMatchObject({ alg: 'HS256', kid: wide.id });
    const { payload } = await jwtVerify(
      body.token,
      new TextEncoder().encode(wide.signingSecret as string),
      { currentDate: new Date(t.clock.now()) },
    );
    expect(payload).toMatchObject({
      app: user.appId,
      clientId: `console:${user.userId}`,
      capabilities: { '*': ['publish', 'subscribe', 'history', 'presence'] },
    });
    expect(payload.exp! - payload.iat!).toBe(900);
    expect(body).toMatchObject({ deliveryUrl: DELIVERY_URL, mayPublish: true });
  });

  test('of who may only look does not publish', async () => {
    const viewer = await t.signUp();
    await user.call('POST', '/v1/members', { body: { email: viewer.email, role: 'viewer' } });
    const login = await t.nobody('POST', '/v1/login', {
      body: { email: viewer.email, password: viewer.password },
    });
    const call = t.withCookie(String(login.headers['set-cookie']).split(';', 1)[0]!);
    const moved = await call('POST', `/v1/tenants/${user.tenantId}/switch`);
    const there = t.withCookie(String(moved.headers['set-cookie']).split(';', 1)[0]!);
    const { body } = await there('POST', `/v1/apps/${user.appId}/tokens`);
    expect(body.mayPublish).toBe(false);
    expect(decodeJwt(body.token)['capabilities']).toEqual({
      '*': ['subscribe', 'history', 'presence'],
    });
  });

  test('P5: of another tenant’s app there is none, as if there were no such app', async () => {
    const other = await t.signUp();
    const [theirs, nowhere] = await Promise.all([
      tokenOf(other, user.appId),
      tokenOf(other, 'app_nowhere'),
    ]);
    expect(theirs.status).toBe(404);
    expect(theirs.body.detail).toBe(nowhere.body.detail);
  });
});
