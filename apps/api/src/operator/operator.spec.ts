import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let operator: Caller;
let cookie: string;
beforeAll(async () => {
  t = await startTestApi();
  const answer = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  cookie = String(answer.headers['set-cookie']).split(';', 1)[0]!;
  operator = t.withCookie(cookie);
});
afterAll(() => t.stop());

describe('operators', () => {
  test('see every tenant with its counts, page by page', async () => {
    const user = await t.signUp();
    const { body: key } = await user.call('POST', `/v1/apps/${user.appId}/keys`);
    await user.call('POST', `/v1/apps/${user.appId}/keys`);
    await user.call('DELETE', `/v1/apps/${user.appId}/keys/${key.id}`);
    const first = await operator('GET', '/v1/operator/tenants?limit=1');
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({
      hasMore: true,
      data: [{ id: t.demo.tenantId, members: 1, apps: 1, keys: 1 }],
    });
    const next = await operator('GET', `/v1/operator/tenants?after=${t.demo.tenantId}`);
    expect(next.body.data).toMatchObject([
      { id: user.tenantId, members: 1, apps: 1, keys: 1, limits: { holds_key: 10_000 } },
    ]);
  });

  test('no user, no key and no made-up cookie is an operator', async () => {
    const user = await t.signUp();
    const [, value = ''] = cookie.split('=');
    const [id, end, mac] = value.split('.');
    const forged = [
      `${id}.${Number(end) + 1}.${mac}`,
      `opr_other.${end}.${mac}`,
      `${id}.${end}.${'0'.repeat(64)}`,
      `${id}.${end}`,
      'x',
    ];
    const callers = [
      t.nobody,
      user.call,
      t.withKey(t.demo.apiKey),
      ...forged.map((text) => t.withCookie(`holdline_operator=${text}`)),
    ];
    for (const call of callers)
      expect((await call('GET', '/v1/operator/tenants')).status).toBe(401);
    const member = await t.nobody('POST', '/v1/operator/login', {
      body: { email: user.email, password: user.password },
    });
    expect(member.status).toBe(401);
  });

  test('an operator’s cookie opens no tenant', async () => {
    expect((await operator('GET', '/v1/apps')).status).toBe(401);
  });

  test('a suspended tenant can be read but not changed, its keys are refused, and it comes back', async () => {
    const user = await t.signUp();
    const { body: key } = await user.call('POST', `/v1/apps/${user.appId}/keys`, {
      body: { capabilities: { '*': ['admin'] } },
    });
    const path = `/v1/operator/tenants/${user.tenantId}`;
    expect((await operator('PATCH', path, { body: { status: 'suspended' } })).body).toMatchObject({
      status: 'suspended',
    });
    expect((await user.call('GET', '/v1/apps')).status).toBe(200);
    const write = await user.call('POST', '/v1/apps', { body: { name: 'x' } });
    expect(write.status).toBe(403);
    expect(write.body.detail).toContain('suspended');
    expect((await t.withKey(key.key)('GET', '/v1/apps')).body.code).toBe('revoked');
    await operator('PATCH', path, { body: { status: 'active' } });
    expect((await user.call('POST', '/v1/apps', { body: { name: 'x' } })).status).toBe(201);
  });

  test('limits are changed, and an unknown tenant is not found', async () => {
    const user = await t.signUp();
    const limits = { holds_key: 5, publishes_per_second_key: 7 };
    await operator('PATCH', `/v1/operator/tenants/${user.tenantId}`, { body: { limits } });
    expect((await user.call('GET', '/v1/limits')).body.plan).toEqual(limits);
    expect(
      (await operator('PATCH', '/v1/operator/tenants/ten_none', { body: { limits } })).status,
    ).toBe(404);
    expect(
      (await operator('PATCH', `/v1/operator/tenants/${user.tenantId}`, { body: {} })).status,
    ).toBe(400);
  });

  test('a page of somebody else cannot write with their cookie; a script that names no page can', async () => {
    const write = (headers: Record<string, string>) =>
      t.nobody('PATCH', `/v1/operator/tenants/${t.demo.tenantId}`, {
        body: { status: 'active' },
        headers: { cookie, ...headers },
      });
    expect((await write({ origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await write({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await write({})).status).toBe(200);
  });

  test('a session ends after 12 hours, and with a new password', async () => {
    t.clock.advance(13 * 3_600_000);
    expect((await operator('GET', '/v1/operator/tenants')).status).toBe(401);
    const again = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
    const call = t.withCookie(String(again.headers['set-cookie']).split(';', 1)[0]!);
    expect((await call('GET', '/v1/operator/tenants')).status).toBe(200);
    await t.database.asSystem((tx) =>
      tx.operator.updateMany({ data: { passwordHash: 'changed' } }),
    );
    expect((await call('GET', '/v1/operator/tenants')).status).toBe(401);
  });
});
