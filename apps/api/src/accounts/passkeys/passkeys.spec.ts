import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SoftwareAuthenticator, type Lies } from '../../testing/software-authenticator.js';
import { API_URL, startTestApi, type SignedUp, type TestApi } from '../../testing/test-api.js';
import { Challenges } from './challenges.js';

const { hostname, host } = new URL(API_URL);
const MINUTE_MS = 60_000;
/** The page is on the server's own address. */
const headers = { host };

let t: TestApi;
let user: SignedUp;
let device: SoftwareAuthenticator;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());
beforeEach(async () => {
  user = await t.signUp();
  device = new SoftwareAuthenticator(API_URL, hostname);
});

async function askToAdd(one: SignedUp, password = one.password) {
  return one.call('POST', '/v1/account/passkeys/options', { body: { password }, headers });
}
async function challengeToAdd(one = user): Promise<string> {
  return (await askToAdd(one)).body.challenge;
}
const addWith = (credential: unknown, one = user) =>
  one.call('POST', '/v1/account/passkeys', { body: { name: 'Laptop', credential }, headers });
async function add(one = user): Promise<string> {
  const { status, body } = await addWith(device.create(await challengeToAdd(one)), one);
  expect(status).toBe(201);
  return body.id;
}

async function challengeToSignIn(): Promise<string> {
  const { body } = await t.nobody('POST', '/v1/login/passkey/options', { headers });
  return body.challenge;
}
const signInWith = (credential: unknown) =>
  t.nobody('POST', '/v1/login/passkey', { body: { credential }, headers });

async function expectRefused(credential: unknown) {
  const { status, body, headers: answered } = await signInWith(credential);
  expect([status, body.code]).toEqual([401, 'unauthenticated']);
  expect(answered['set-cookie']).toBeUndefined();
}

describe('a passkey', () => {
  test('signs in alone, whether two-step sign-in is on or not, and tells when it last did', async () => {
    const id = await add();
    await t.database.asSystem((tx) =>
      tx.twoStep.create({ data: { personId: user.userId, secret: '', confirmedAt: new Date() } }),
    );
    const {
      status,
      body,
      headers: answered,
    } = await signInWith(device.get(await challengeToSignIn()));
    expect([status, body.user.email]).toEqual([200, user.email]);
    const [cookie = ''] = String(answered['set-cookie']).split(';', 1);
    const account = await t.withCookie(cookie)('GET', '/v1/account');
    expect(account.body.passkeys).toEqual([
      { id, name: 'Laptop', createdAt: expect.any(String), lastUsedAt: expect.any(String) },
    ]);
    const { body: audit } = await user.call('GET', '/v1/audit');
    const entry = audit.data.find((one: { action: string }) => one.action === 'login.succeeded');
    expect(entry.after).toEqual({ passkey: id });
  });

  test('signs in no more once it is removed', async () => {
    const id = await add();
    const { password } = user;
    const remove = (said: string) =>
      user.call('POST', `/v1/account/passkeys/${id}/remove`, { body: { password: said } });
    expect((await remove('not mine')).status).toBe(403);
    expect((await remove(password)).status).toBe(204);
    await expectRefused(device.get(await challengeToSignIn()));
  });

  test('is begun only by who knows the password, for the name that the page was reached by', async () => {
    expect((await askToAdd(user, 'not mine')).status).toBe(403);
    expect((await askToAdd(user)).body).toMatchObject({
      rp: { id: hostname },
      authenticatorSelection: { userVerification: 'required', residentKey: 'required' },
    });
  });

  test('of another looks like one that never was', async () => {
    const theirs = await add();
    const other = await t.signUp();
    const remove = (id: string) =>
      other.call('POST', `/v1/account/passkeys/${id}/remove`, {
        body: { password: other.password },
      });
    const [found, none] = [await remove(theirs), await remove('pky_none')];
    expect([found.status, found.body.detail]).toEqual([404, none.body.detail]);
    expect((await other.call('GET', '/v1/account')).body.passkeys).toEqual([]);
    expect((await user.call('GET', '/v1/account')).body.passkeys).toHaveLength(1);
  });

  test('that is known is not added a second time, by nobody', async () => {
    await add();
    const other = await t.signUp();
    for (const one of [user, other]) {
      const again = await addWith(device.create(await challengeToAdd(one)), one);
      expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    }
  });
});

describe('what an authenticator signed is refused', () => {
  test('a second time: what was overheard signs nobody in', async () => {
    await add();
    const said = device.get(await challengeToSignIn());
    expect((await signInWith(said)).status).toBe(200);
    await expectRefused(said);
  });

  test('a second time at the same moment: one signs in', async () => {
    await add();
    const said = device.get(await challengeToSignIn());
    const answers = await Promise.all([said, said, said].map(signInWith));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  test('after five minutes', async () => {
    await add();
    const challenge = await challengeToSignIn();
    t.clock.advance(5 * MINUTE_MS + 1);
    await expectRefused(device.get(challenge));
  });

  test('for another purpose: what was asked to add one does not sign in, nor the other way round', async () => {
    await add();
    await expectRefused(device.get(await challengeToAdd()));
    const other = new SoftwareAuthenticator(API_URL, hostname);
    const added = await addWith(other.create(await challengeToSignIn()));
    expect([added.status, added.body.code]).toEqual([400, 'invalid_request']);
  });

  test('for another person: nobody adds theirs with what somebody else was asked', async () => {
    const attacker = await t.signUp();
    const added = await addWith(device.create(await challengeToAdd(user)), attacker);
    expect(added.status).toBe(400);
  });

  test.each<[string, Lies]>([
    ['on a page of another site', { origin: 'https://api.test.elsewhere.example' }],
    ['on a page without our port', { origin: `http://${hostname}` }],
    ['for another site’s name', { rpId: 'elsewhere.example' }],
    ['without a finger or a PIN', { userVerified: false }],
    ['as something else', { type: 'payment.get' }],
    ['by a copy, whose counter lags behind', { counter: 1 }],
  ])('%s', async (_what, lies) => {
    await add();
    await expectRefused(device.get(await challengeToSignIn(), lies));
    // The same device, told the truth, is let in.
    expect((await signInWith(device.get(await challengeToSignIn()))).status).toBe(200);
  });

  test('by another device in its name', async () => {
    await add();
    const forger = new SoftwareAuthenticator(API_URL, hostname);
    const forged = forger.get(await challengeToSignIn());
    await expectRefused({ ...forged, id: device.credentialId, rawId: device.credentialId });
  });

  test('with a challenge that was made up', async () => {
    await add();
    const made = await challengeToSignIn();
    const bytes = Buffer.from(made, 'base64url');
    bytes[20] = bytes[20]! ^ 1;
    for (const challenge of ['', 'x', bytes.toString('base64url'), `${made}=`, made.slice(0, -2)])
      await expectRefused(device.get(challenge));
  });

  test('as whatever is no answer of an authenticator', async () => {
    for (const credential of [{}, { id: 'x' }, { id: 'x', rawId: 'x', type: 'public-key' }]) {
      const added = await addWith(credential);
      expect([added.status, added.body.code]).toEqual([400, 'invalid_request']);
      await expectRefused(credential);
    }
  });
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

test('asking for challenges fills nothing, however often', async () => {
  const kept = () => t.database.asSystem((tx) => tx.spentChallenge.count());
  const before = await kept();
  for (let n = 0; n < 20; n++) await challengeToSignIn();
  expect(await kept()).toBe(before);
});

test('nobody has more than twenty, also when many are added at once', async () => {
  await t.database.asSystem((tx) =>
    tx.passkey.createMany({
      data: Array.from({ length: 18 }, (_, n) => ({
        ...{
          id: `pky_${n}_${user.userId}`,
          userId: user.userId,
          credentialId: `${n}`,
          name: 'Old',
        },
        ...{ publicKey: new Uint8Array([1]), counter: 0n, transports: [] },
      })),
    }),
  );
  const ready: unknown[] = [];
  for (let n = 0; n < 4; n++)
    ready.push(new SoftwareAuthenticator(API_URL, hostname).create(await challengeToAdd()));
  const answers = await Promise.all(ready.map((credential) => addWith(credential)));
  const codes = answers.map(({ status, body }) => (status === 201 ? 'added' : body.code));
  expect(codes.sort()).toEqual(['added', 'added', 'quota_exceeded', 'quota_exceeded']);
});
