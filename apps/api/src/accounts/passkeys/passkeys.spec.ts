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
    const toSignIn = challenges.make(null);
    const toAdd = challenges.make(user.userId);
    expect(challenges.isGood(toSignIn, null)).toBe(true);
    expect(challenges.isGood(toSignIn, user.userId)).toBe(false);
    expect(challenges.isGood(toAdd, user.userId)).toBe(true);
    expect(challenges.isGood(toAdd, null)).toBe(false);
    const other = (letter: string) => (letter === 'A' ? 'B' : 'A');
    const first = other(toSignIn.slice(0, 1)) + toSignIn.slice(1);
    const last = toSignIn.slice(0, -1) + other(toSignIn.slice(-1));
    for (const changed of ['', 'x', first, last, `${toSignIn}=`])
      expect(challenges.isGood(changed, null)).toBe(false);
    const spent = await Promise.all([challenges.spend(toSignIn), challenges.spend(toSignIn)]);
    expect(spent.sort()).toEqual([false, true]);
    t.clock.advance(5 * 60_000);
    expect(challenges.isGood(toAdd, user.userId)).toBe(false);
    // What is over is forgotten when another is used.
    expect(await challenges.spend(toAdd)).toBe(true);
    const kept = await t.database.asSystem((tx) => tx.spentChallenge.count());
    expect(kept).toBe(1);
  });

  test('asking for many challenges fills nothing', async () => {
    const rows = () => t.database.asSystem((tx) => tx.spentChallenge.count());
    const before = await rows();
    for (let n = 0; n < 5; n++) await t.nobody('POST', '/v1/login/passkey/options');
    expect(await rows()).toBe(before);
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
