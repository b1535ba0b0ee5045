import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type SignedUp, type TestApi } from '../../testing/test-api.js';
import { Challenges } from './challenges.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

/** That a real authenticator signs in is tried in a browser; here, what is refused. */
describe('passkeys', () => {
  test('are begun only by who knows the password, for the name that the page was reached by', async () => {
    const ask = (password: string) =>
      user.call('POST', '/v1/account/passkeys/options', {
        body: { password },
        headers: { host: 'api.test:3000' },
      });
    expect((await ask('not mine')).status).toBe(403);
    const { status, body } = await ask(user.password);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rp: { id: 'api.test' },
      authenticatorSelection: { userVerification: 'required', residentKey: 'required' },
    });
  });

  test('what no authenticator made is refused, and signs nobody in', async () => {
    for (const credential of [{}, { id: 'x' }, { id: 'x', rawId: 'x', type: 'public-key' }]) {
      const added = await user.call('POST', '/v1/account/passkeys', {
        body: { name: 'mine', credential },
      });
      expect([added.status, added.body.code]).toEqual([400, 'invalid_request']);
      const login = await t.nobody('POST', '/v1/login/passkey', { body: { credential } });
      expect([login.status, login.body.code]).toEqual([401, 'unauthenticated']);
      expect(login.headers['set-cookie']).toBeUndefined();
    }
  });

  test('a challenge is good once, for five minutes, and for what it was made for', async () => {
    const challenges = t.api.app.get(Challenges);
    const toSignIn = await challenges.make(null);
    expect(await challenges.take(toSignIn, user.userId)).toBe(false);
    expect(await challenges.take(toSignIn, null)).toBe(true);
    expect(await challenges.take(toSignIn, null)).toBe(false);
    const toAdd = await challenges.make(user.userId);
    expect(await challenges.take(toAdd, null)).toBe(false);
    t.clock.advance(5 * 60_000 + 1);
    expect(await challenges.take(toAdd, user.userId)).toBe(false);
  });

  test('another’s passkey looks like one that never was', async () => {
    const other = await t.signUp();
    await t.database.asSystem((tx) =>
      tx.passkey.create({
        data: {
          ...{ id: 'pky_theirs', userId: other.userId, credentialId: 'c', name: 'theirs' },
          ...{ publicKey: new Uint8Array([1]), counter: 0n, transports: [] },
        },
      }),
    );
    const remove = (id: string) =>
      user.call('POST', `/v1/account/passkeys/${id}/remove`, { body: { password: user.password } });
    const [theirs, none] = [await remove('pky_theirs'), await remove('pky_none')];
    expect([theirs.status, theirs.body.detail]).toEqual([404, none.body.detail]);
    expect((await user.call('GET', '/v1/account')).body.passkeys).toEqual([]);
    expect((await other.call('GET', '/v1/account')).body.passkeys).toHaveLength(1);
  });
});
