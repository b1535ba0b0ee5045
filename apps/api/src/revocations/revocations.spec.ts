import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LIMIT } from '#contracts';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let path: string;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  path = `/v1/apps/${user.appId}/revocations`;
});
afterAll(() => t.stop());

describe('revocations', () => {
  test('a client: tokens issued until now, for as long as one of them can live', async () => {
    const before = t.clock.now();
    const made = await user.call('POST', path, { body: { clientId: 'alice' } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ clientId: 'alice', tokenId: null });
    const issuedBefore = Date.parse(made.body.issuedBefore);
    expect(issuedBefore).toBeGreaterThanOrEqual(before);
    expect(issuedBefore).toBeLessThanOrEqual(t.clock.now());
    expect(Date.parse(made.body.expiresAt) - issuedBefore).toBeGreaterThan(
      LIMIT.tokenMaxSeconds * 1000,
    );
  });

  test('one token: refused whenever it says it was issued', async () => {
    const made = await user.call('POST', path, { body: { tokenId: 'jti-1' } });
    expect(made.body).toMatchObject({
      clientId: null,
      tokenId: 'jti-1',
      issuedBefore: made.body.expiresAt,
    });
  });

  test('the list shows those that still refuse something, and old ones are forgotten', async () => {
    const { call, appId } = await t.signUp();
    const url = `/v1/apps/${appId}/revocations`;
    await call('POST', url, { body: { clientId: 'a' } });
    expect((await call('GET', url)).body.data).toHaveLength(1);
    t.clock.advance(2 * 3_600_000);
    expect((await call('GET', url)).body).toEqual({ data: [], hasMore: false });
    t.clock.advance(48 * 3_600_000);
    const later = await t.signUp();
    await later.call('POST', `/v1/apps/${later.appId}/revocations`, { body: { clientId: 'b' } });
    const kept = await t.database.asSystem((tx) => tx.revocation.findMany({ where: { appId } }));
    expect(kept).toEqual([]);
  });

  test.each([
    {},
    { clientId: '' },
    { clientId: 'a', tokenId: 'b' },
    { tokenId: 'a\u0000' },
    { keyId: 'x' },
  ])('refuses %j', async (body) => {
    const fresh = await t.signUp();
    const answer = await fresh.call('POST', `/v1/apps/${fresh.appId}/revocations`, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid_request');
  });
});
