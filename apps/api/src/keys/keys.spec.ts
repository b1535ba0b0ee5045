import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseKey } from '#access';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let keys: string;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  keys = `/v1/apps/${user.appId}/keys`;
});
afterAll(() => t.stop());

const adminRights = { capabilities: { '*': ['*', 'admin'] } };

describe('keys', () => {
  test('a new key has the default rights and shows its two secrets this once', async () => {
    const made = await user.call('POST', keys);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      appId: user.appId,
      mode: 'live',
      name: null,
      capabilities: { '*': ['*'] },
      status: 'active',
      createdBy: user.userId,
      expiresAt: null,
      revokedAt: null,
      replaces: null,
    });
    expect(parseKey(made.body.key)).toMatchObject({ keyId: made.body.id, mode: 'live' });
    expect(made.body.key.endsWith(made.body.last4)).toBe(true);
    expect(made.body.signingSecret).toMatch(/^[\w-]{43}$/);

    const list = await user.call('GET', keys);
    expect(list.body.data).toHaveLength(1);
    expect(list.body.data[0]).toMatchObject({ id: made.body.id, last4: made.body.last4 });
    const secret = parseKey(made.body.key)!.secret;
    const stored = JSON.stringify(
      await t.database.asSystem((tx) => tx.apiKey.findMany()),
      (_name, value) => (typeof value === 'bigint' ? Number(value) : value),
    );
    for (const text of [list.text, stored, t.log()]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(made.body.signingSecret);
    }
    expect(list.text).not.toMatch(/secret/i);
  });

  test('a key keeps the mode, name, rights and end that it was asked for', async () => {
    const body = {
      name: 'reader',
      mode: 'test',
      capabilities: { 'room:*': ['subscribe'] },
      expiresAt: '2099-01-01T00:00:00+01:00',
    };
    const made = await user.call('POST', keys, { body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ ...body, expiresAt: '2098-12-31T23:00:00.000Z' });
    expect(made.body.key).toMatch(/^hl_test_/);
  });

  test.each([
    [{ expiresAt: '2001-01-01T00:00:00Z' }, '/expiresAt'],
    [{ expiresAt: 'tomorrow' }, '/expiresAt'],
    [{ mode: 'prod' }, '/mode'],
    [{ capabilities: { 'a*b': ['publish'] } }, '/capabilities/a*b'],
    [{ capabilities: { room: ['destroy'] } }, '/capabilities/room/0'],
    [{ key: 'hl_live_mine' }, ''],
  ])('refuses %j and says where the fault is', async (body, pointer) => {
    const answer = await user.call('POST', keys, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  test('a key without `admin` on `*` is told what it lacks', async () => {
    for (const capabilities of [{ '*': ['*'] }, { 'room:*': ['admin'] }, {}]) {
      const { body: made } = await user.call('POST', keys, { body: { capabilities } });
      const answer = await t.withKey(made.key)('GET', '/v1/apps');
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        code: 'forbidden',
        capability: { operation: 'admin', channel: '*' },
      });
    }
  });

  test('a revoked key is refused at once, and revoking it again changes nothing', async () => {
    const { body: made } = await user.call('POST', keys, { body: adminRights });
    expect((await t.withKey(made.key)('GET', '/v1/apps')).status).toBe(200);
    expect((await user.call('DELETE', `${keys}/${made.id}`)).status).toBe(204);
    const refused = await t.withKey(made.key)('GET', '/v1/apps');
    expect(refused.status).toBe(401);
    expect(refused.body.code).toBe('revoked');
    const first = (await find(made.id)).revokedAt;
    t.clock.advance(5000);
    expect((await user.call('DELETE', `${keys}/${made.id}`)).status).toBe(204);
    expect(await find(made.id)).toMatchObject({ status: 'revoked', revokedAt: first });
  });

  test('rotating without grace: the new key has the same rights, the old one is refused at once', async () => {
    const { body: old } = await user.call('POST', keys, {
      body: { ...adminRights, name: 'script', mode: 'test' },
    });
    const rotated = await user.call('POST', `${keys}/${old.id}/rotate`);
    expect(rotated.status).toBe(201);
    expect(rotated.body).toMatchObject({
      name: 'script',
      mode: 'test',
      capabilities: old.capabilities,
      replaces: old.id,
    });
    expect(rotated.body.id).not.toBe(old.id);
    expect(rotated.body.signingSecret).not.toBe(old.signingSecret);
    expect((await t.withKey(rotated.body.key)('GET', '/v1/me')).status).toBe(200);
    expect((await t.withKey(old.key)('GET', '/v1/me')).body.code).toBe('revoked');
  });

  test('rotating with grace: both work until it ends, then the old one is refused as revoked', async () => {
    const { body: old } = await user.call('POST', keys, { body: adminRights });
    const { body: made } = await user.call('POST', `${keys}/${old.id}/rotate`, {
      body: { graceSeconds: 60 },
    });
    for (const key of [old.key, made.key])
      expect((await t.withKey(key)('GET', '/v1/me')).status).toBe(200);
    t.clock.advance(61_000);
    expect((await t.withKey(old.key)('GET', '/v1/me')).body.code).toBe('revoked');
    expect((await t.withKey(made.key)('GET', '/v1/me')).status).toBe(200);
    expect((await find(old.id)).status).toBe('expired');
    const again = await user.call('POST', `${keys}/${old.id}/rotate`);
    expect(again.status).toBe(409);
  });

  test('grace never lengthens the life that a key had itself', async () => {
    const expiresAt = new Date(t.clock.now() + 10_000).toISOString();
    const { body: old } = await user.call('POST', keys, { body: { ...adminRights, expiresAt } });
    const { body: made } = await user.call('POST', `${keys}/${old.id}/rotate`, {
      body: { graceSeconds: 3600 },
    });
    expect(made.expiresAt).toBe(expiresAt);
    expect((await find(old.id)).expiresAt).toBe(expiresAt);
  });

  test.each([-1, 1.5, 2_592_001, '60'])(
    'a grace of %j seconds is refused',
    async (graceSeconds) => {
      const { body: made } = await user.call('POST', keys);
      const answer = await user.call('POST', `${keys}/${made.id}/rotate`, {
        body: { graceSeconds },
      });
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].pointer).toBe('/graceSeconds');
    },
  );

  test('a key of another app of the same tenant is not found under this one', async () => {
    const { body: other } = await user.call('POST', '/v1/apps', { body: { name: 'other' } });
    const { body: made } = await user.call('POST', `/v1/apps/${other.id}/keys`);
    expect((await user.call('DELETE', `${keys}/${made.id}`)).status).toBe(404);
    expect((await user.call('POST', `${keys}/${made.id}/rotate`)).status).toBe(404);
  });
});

async function find(id: string) {
  const { body } = await user.call('GET', `${keys}?limit=100`);
  return body.data.find((key: { id: string }) => key.id === id);
}
