import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let owner: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  owner = await t.signUp();
});
afterAll(() => t.stop());

async function signIn(email: string, password: string) {
  const answer = await t.nobody('POST', '/v1/login', { body: { email, password } });
  return t.withCookie(String(answer.headers['set-cookie']).split(';', 1)[0]!);
}

describe('members', () => {
  test('somebody new gets an initial password, shown this once, that signs in', async () => {
    const added = await owner.call('POST', '/v1/members', {
      body: { email: 'dev@example.com', role: 'developer' },
    });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ email: 'dev@example.com', role: 'developer' });
    const call = await signIn('dev@example.com', added.body.initialPassword);
    expect((await call('GET', '/v1/me')).body).toMatchObject({
      role: 'developer',
      tenant: { id: owner.tenantId },
    });
    const list = await owner.call('GET', '/v1/members');
    expect(list.body.data.map((m: { email: string }) => m.email)).toEqual([
      owner.email,
      'dev@example.com',
    ]);
    expect(list.text).not.toMatch(/password|argon2/i);
  });

  test('a given password serves; an existing user keeps the own one', async () => {
    const chosen = await owner.call('POST', '/v1/members', {
      body: { email: 'chosen@example.com', role: 'viewer', password: 'chosen by owner' },
    });
    expect(chosen.body.initialPassword).toBeNull();
    const existing = await t.signUp();
    const added = await owner.call('POST', '/v1/members', {
      body: { email: existing.email, role: 'viewer', password: 'not for this one' },
    });
    expect(added.body.initialPassword).toBeNull();
    const taken = await t.nobody('POST', '/v1/login', {
      body: { email: existing.email, password: 'not for this one' },
    });
    expect(taken.status).toBe(401);
  });

  test('a member twice is a conflict', async () => {
    const answer = await owner.call('POST', '/v1/members', {
      body: { email: owner.email, role: 'viewer' },
    });
    expect(answer.status).toBe(409);
  });

  test('owner: all; developer: not members; viewer and billing: read', async () => {
    const app = `/v1/apps/${owner.appId}`;
    const writes: [string, string, object, 'develop' | 'own'][] = [
      ['POST', '/v1/apps', { name: 'x' }, 'develop'],
      ['PATCH', app, { name: 'x' }, 'develop'],
      ['POST', `${app}/keys`, {}, 'develop'],
      ['PUT', `${app}/namespaces/x`, {}, 'develop'],
      ['POST', `${app}/revocations`, { clientId: 'x' }, 'develop'],
      ['POST', '/v1/members', { email: 'x@example.com', role: 'owner' }, 'own'],
      ['PATCH', `/v1/members/${owner.userId}`, { role: 'viewer' }, 'own'],
      ['DELETE', `/v1/members/${owner.userId}`, {}, 'own'],
    ];
    for (const role of ['developer', 'billing', 'viewer']) {
      const { body } = await owner.call('POST', '/v1/members', {
        body: { email: `${role}2@example.com`, role },
      });
      const call = await signIn(`${role}2@example.com`, body.initialPassword);
      for (const url of [
        '/v1/apps',
        app,
        `${app}/keys`,
        `${app}/namespaces`,
        '/v1/members',
        '/v1/limits',
      ]) {
        expect([role, url, (await call('GET', url)).status]).toEqual([role, url, 200]);
      }
      for (const [method, url, sent, need] of writes) {
        const { status } = await call(method, url, { body: sent });
        const allowed = role === 'developer' && need === 'develop';
        expect([role, method, url, status === 403]).toEqual([role, method, url, !allowed]);
      }
    }
  });

  test('a key with `admin` is no owner: it cannot let anybody in', async () => {
    const answer = await t.withKey(t.demo.apiKey)('POST', '/v1/members', {
      body: { email: 'e@example.com', role: 'owner' },
    });
    expect(answer.status).toBe(403);
  });

  test('a changed role and a removal count from the next request on, signed in or not', async () => {
    const { body } = await owner.call('POST', '/v1/members', {
      body: { email: 'brief@example.com', role: 'developer' },
    });
    const call = await signIn('brief@example.com', body.initialPassword);
    expect((await call('POST', '/v1/apps', { body: { name: 'x' } })).status).toBe(201);
    await owner.call('PATCH', `/v1/members/${body.id}`, { body: { role: 'viewer' } });
    expect((await call('POST', '/v1/apps', { body: { name: 'x' } })).status).toBe(403);
    expect((await owner.call('DELETE', `/v1/members/${body.id}`)).status).toBe(204);
    const out = await call('GET', '/v1/apps');
    expect(out.status).toBe(403);
    expect(out.body.detail).toContain('member of no tenant');
    expect((await call('GET', '/v1/me')).body).toMatchObject({
      tenant: null,
      role: null,
      tenants: [],
    });
    expect((await owner.call('DELETE', `/v1/members/${body.id}`)).status).toBe(404);
  });

  test('the last owner stays, also when the last two leave at the same moment', async () => {
    const first = await t.signUp();
    const refused = await first.call('DELETE', `/v1/members/${first.userId}`);
    expect(refused.status).toBe(409);
    expect(
      (await first.call('PATCH', `/v1/members/${first.userId}`, { body: { role: 'viewer' } }))
        .status,
    ).toBe(409);

    const { body: second } = await first.call('POST', '/v1/members', {
      body: { email: 'second@example.com', role: 'owner' },
    });
    const answers = await Promise.all(
      [first.userId, second.id].map((id) => first.call('DELETE', `/v1/members/${id}`)),
    );
    const owners = await t.database.withTenant(first.tenantId, (tx) =>
      tx.member.count({ where: { role: 'owner' } }),
    );
    expect(owners).toBe(1);
    expect(answers.map(({ status }) => status)).toContain(204);
  });

  test('the list pages by joining', async () => {
    const page = await owner.call('GET', '/v1/members?limit=1');
    expect(page.body).toMatchObject({ hasMore: true, data: [{ id: owner.userId }] });
    const next = await owner.call('GET', `/v1/members?limit=1&after=${owner.userId}`);
    expect(next.body.data[0].id).not.toBe(owner.userId);
  });
});
