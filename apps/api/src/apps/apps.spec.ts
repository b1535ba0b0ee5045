import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

const publicJwk = (kid: string) => ({
  ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
  kid,
  alg: 'EdDSA',
});

describe('apps', () => {
  test('are made, shown, changed in part, and listed', async () => {
    const made = await user.call('POST', '/v1/apps', {
      body: { name: ' Chat ', allowedOrigins: ['https://chat.example'] },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'Chat',
      allowedOrigins: ['https://chat.example'],
      jwks: [],
    });
    const path = `/v1/apps/${made.body.id}`;
    expect((await user.call('GET', path)).body).toEqual(made.body);

    const jwk = publicJwk('mine');
    const changed = await user.call('PATCH', path, { body: { jwks: [jwk] } });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: 'Chat', jwks: [jwk] });

    const list = await user.call('GET', '/v1/apps');
    expect(list.body).toMatchObject({ hasMore: false });
    expect(list.body.data.map((app: { id: string }) => app.id)).toEqual([user.appId, made.body.id]);
  });

  test('are revoked for good: what is under them is gone too', async () => {
    const { body: app } = await user.call('POST', '/v1/apps', { body: { name: 'short-lived' } });
    const { body: key } = await user.call('POST', `/v1/apps/${app.id}/keys`, {
      body: { capabilities: { '*': ['admin'] } },
    });
    expect((await t.withKey(key.key)('GET', '/v1/me')).status).toBe(200);
    expect((await user.call('DELETE', `/v1/apps/${app.id}`)).status).toBe(204);
    expect((await user.call('GET', `/v1/apps/${app.id}`)).status).toBe(404);
    expect((await user.call('DELETE', `/v1/apps/${app.id}`)).status).toBe(404);
    expect((await user.call('GET', `/v1/apps/${app.id}/keys`)).status).toBe(404);
    const refused = await t.withKey(key.key)('GET', '/v1/me');
    expect(refused.status).toBe(401);
    expect(refused.body.code).toBe('revoked');
  });

  test('lists page through everything once, in order', async () => {
    const { call, appId } = await t.signUp();
    const made = [appId];
    for (let i = 0; i < 6; i++)
      made.push((await call('POST', '/v1/apps', { body: { name: `app ${i}` } })).body.id);
    const seen: string[] = [];
    let after = '';
    for (let pages = 1; ; pages++) {
      const page = await call('GET', `/v1/apps?limit=3${after}`);
      seen.push(...page.body.data.map((app: { id: string }) => app.id));
      if (!page.body.hasMore) {
        expect(pages).toBe(3);
        break;
      }
      after = `&after=${seen.at(-1)}`;
    }
    expect(seen).toEqual(made);
  });

  test.each([
    [
      'a path in an origin',
      { name: 'x', allowedOrigins: ['https://a.example/path'] },
      '/allowedOrigins/0',
    ],
    [
      'a pattern in an origin',
      { name: 'x', allowedOrigins: ['https://*.example'] },
      '/allowedOrigins/0',
    ],
    ['another scheme', { name: 'x', allowedOrigins: ['javascript:alert(1)'] }, '/allowedOrigins/0'],
    [
      'a symmetric key among the public ones',
      { name: 'x', jwks: [{ kid: 'a', kty: 'oct', k: 'AAAA' }] },
      '/jwks/0/kty',
    ],
    [
      'a kid that looks like a key id',
      { name: 'x', jwks: [{ ...publicJwk('a'), kid: 'abcdefABCDEF' }] },
      '/jwks/0/kid',
    ],
    ['one kid twice', { name: 'x', jwks: [publicJwk('a'), publicJwk('a')] }, '/jwks'],
    ['a field that is not ours', { name: 'x', tenantId: 'ten_other' }, ''],
  ])('refuse %s and say where it is', async (_what, body, pointer) => {
    const answer = await user.call('POST', '/v1/apps', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  test('refuse a private key with advice, and never store a part of it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'oops' };
    const answer = await user.call('PATCH', `/v1/apps/${user.appId}`, { body: { jwks: [jwk] } });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('private');
    expect(answer.text).not.toContain(jwk.d);
    expect(t.log()).not.toContain(jwk.d);
  });

  test('drop what a JWK could smuggle in (x5u, jku, certificates)', async () => {
    const jwk = {
      ...publicJwk('plain'),
      x5u: 'https://evil.example',
      jku: 'https://evil.example',
      x5c: ['AAAA'],
    };
    const { body } = await user.call('PATCH', `/v1/apps/${user.appId}`, { body: { jwks: [jwk] } });
    expect(Object.keys(body.jwks[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x']);
  });
});
