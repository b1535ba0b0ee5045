import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';
import { startTestApi, type SignedUp, type TestApi } from '../../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let secret: string;
let recovery: string[];
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

const codeAt = (ms: number) => generateSync({ secret, epoch: Math.floor(ms / 1000) });
const logIn = (code?: string) =>
  t.nobody('POST', '/v1/login', {
    body: { email: user.email, password: user.password, ...(code === undefined ? {} : { code }) },
  });

describe('two-step sign-in', () => {
  test('is off at first, and begun only by who knows the password', async () => {
    expect((await user.call('GET', '/v1/account')).body.twoStep).toEqual({
      enabled: false,
      recoveryCodesLeft: 0,
    });
    const wrong = await user.call('POST', '/v1/account/two-step', { body: { password: 'x' } });
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([403, '/password']);
  });

  test('a secret alone changes nothing; a wrong code does not turn it on', async () => {
    const begun = await user.call('POST', '/v1/account/two-step', {
      body: { password: user.password },
    });
    secret = begun.body.secret;
    expect(begun.body.uri).toMatch(/^otpauth:\/\/totp\/Holdline/);
    expect((await logIn()).status).toBe(200);
    const wrong = String((Number(codeAt(t.clock.now())) + 1) % 1_000_000).padStart(6, '0');
    const refused = await user.call('POST', '/v1/account/two-step/confirm', {
      body: { code: wrong },
    });
    expect(refused.status).toBe(400);
  });

  test('a right code turns it on, and brings ten recovery codes', async () => {
    const { status, body } = await user.call('POST', '/v1/account/two-step/confirm', {
      body: { code: codeAt(t.clock.now()) },
    });
    expect(status).toBe(200);
    recovery = body.recoveryCodes;
    expect(new Set(recovery).size).toBe(10);
    expect((await user.call('GET', '/v1/account')).body.twoStep).toEqual({
      enabled: true,
      recoveryCodesLeft: 10,
    });
  });

  test('from then on a password alone signs nobody in, and sets no cookie', async () => {
    const { status, body, headers } = await logIn();
    expect([status, body.code]).toEqual([401, 'second_factor_required']);
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('who does not know the password is not told that there is a second step', async () => {
    const { body } = await t.nobody('POST', '/v1/login', {
      body: { email: user.email, password: 'not the password' },
    });
    expect(body.code).toBe('unauthenticated');
  });

  test('a code is taken once: the same again, and one before it, are worth nothing', async () => {
    t.clock.advance(60_000);
    const code = codeAt(t.clock.now());
    const before = codeAt(t.clock.now() - 30_000);
    expect((await logIn(code)).status).toBe(200);
    expect((await logIn(code)).body.code).toBe('unauthenticated');
    expect((await logIn(before)).body.code).toBe('unauthenticated');
  });

  test('of one code that comes twice at once, one signs in', async () => {
    t.clock.advance(60_000);
    const code = codeAt(t.clock.now());
    const answers = await Promise.all([logIn(code), logIn(code), logIn(code)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('a clock that is half a minute off is taken, one that is off by more is not', async () => {
    t.clock.advance(120_000);
    expect((await logIn(codeAt(t.clock.now() - 90_000))).status).toBe(401);
    expect((await logIn(codeAt(t.clock.now() + 30_000))).status).toBe(200);
  });

  test('a recovery code signs in once, however it is written', async () => {
    const [code = ''] = recovery;
    expect((await logIn(code.toUpperCase().replace(/-/g, ' '))).status).toBe(200);
    expect((await logIn(code)).status).toBe(401);
    expect((await user.call('GET', '/v1/account')).body.twoStep.recoveryCodesLeft).toBe(9);
  });

  test('guessing codes is slowed down like guessing passwords', async () => {
    t.clock.advance(20 * 60_000);
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await logIn('000000')).status);
    expect(statuses).toContain(429);
    t.clock.advance(20 * 60_000);
  });

  test('guessing from many addresses is slowed down too, and a recovery code still signs in', async () => {
    const { email, password } = user;
    const from = (address: string, code: string) =>
      t.nobody('POST', '/v1/login', { body: { email, password, code }, address });
    const codes: unknown[] = [];
    for (let n = 1; n <= 11; n++) {
      const { status, body } = await from(`192.0.2.${n}`, '000000');
      codes.push(status === 429 ? body.limit.name : body.code);
    }
    expect(codes).toEqual([...Array(10).fill('unauthenticated'), 'login_attempts']);
    // The right one waits as well: otherwise guessing would go on.
    expect((await from('192.0.2.99', codeAt(t.clock.now()))).status).toBe(429);
    expect((await from('192.0.2.99', recovery[1] ?? '')).status).toBe(200);
    t.clock.advance(20 * 60_000);
    expect((await from('192.0.2.99', codeAt(t.clock.now()))).status).toBe(200);
  });

  test('the use of a recovery code stands in the audit log, with how many are left', async () => {
    const { body } = await user.call('GET', '/v1/audit');
    const used = body.data.filter(({ action }: { action: string }) =>
      action.startsWith('recovery'),
    );
    expect(used.map(({ after }: { after: unknown }) => after)).toEqual([{ left: 8 }, { left: 9 }]);
  });

  test('the secret and the recovery codes stand nowhere in the database as they are', async () => {
    const rows = await t.database.asSystem(async (tx) => [
      ...(await tx.twoStep.findMany()),
      ...(await tx.recoveryCode.findMany()),
      ...(await tx.auditEntry.findMany()),
    ]);
    const text = JSON.stringify(rows, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    for (const one of [secret, ...recovery, ...recovery.map((code) => code.replace(/-/g, ''))])
      expect(text).not.toContain(one);
    expect(t.log()).not.toContain(secret);
  });

  test('new recovery codes take the password, and make the old ones worthless', async () => {
    const renew = (password: string) =>
      user.call('POST', '/v1/account/two-step/recovery-codes', { body: { password } });
    expect((await renew('not mine')).status).toBe(403);
    const { status, body } = await renew(user.password);
    expect(status).toBe(200);
    expect((await logIn(recovery[5])).status).toBe(401);
    expect((await logIn(body.recoveryCodes[5])).status).toBe(200);
    recovery = body.recoveryCodes;
  });

  test('it is turned off with the password; then a password is enough again', async () => {
    const off = (password: string) =>
      user.call('POST', '/v1/account/two-step/off', { body: { password } });
    expect((await off('not mine')).status).toBe(403);
    expect((await off(user.password)).status).toBe(204);
    expect((await logIn()).status).toBe(200);
    const renew = await user.call('POST', '/v1/account/two-step/recovery-codes', {
      body: { password: user.password },
    });
    expect(renew.status).toBe(409);
  });

  test('all of it stands in the audit log of the tenant', async () => {
    const { body } = await user.call('GET', '/v1/audit');
    const actions = body.data.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['two-step.begun', 'two-step.enabled', 'two-step.disabled']),
    );
  });
});

describe('turning two-step sign-in on', () => {
  async function begin(one: SignedUp): Promise<string> {
    const { body } = await one.call('POST', '/v1/account/two-step', {
      body: { password: one.password },
    });
    return body.secret;
  }
  const confirm = (one: SignedUp, code: string) =>
    one.call('POST', '/v1/account/two-step/confirm', { body: { code } });
  const codeOf = (of: string) =>
    generateSync({ secret: of, epoch: Math.floor(t.clock.now() / 1000) });

  test('is slowed down for who guesses the first code in somebody’s open browser', async () => {
    const one = await t.signUp();
    await begin(one);
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) statuses.push((await confirm(one, '000000')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    expect(statuses.slice(10)).toEqual([429, 429]);
  });

  test('a secret that nobody confirmed in a quarter of an hour is worth nothing', async () => {
    const one = await t.signUp();
    const late = await begin(one);
    t.clock.advance(15 * 60_000 + 1);
    expect((await confirm(one, codeOf(late))).status).toBe(409);
    expect((await confirm(one, codeOf(await begin(one)))).status).toBe(200);
  });

  test('a secret that is in use is replaced by none, and its first code signs in no more', async () => {
    const one = await t.signUp();
    const used = await begin(one);
    const code = codeOf(used);
    expect((await confirm(one, code)).status).toBe(200);
    const { email, password } = one;
    const again = await one.call('POST', '/v1/account/two-step', { body: { password } });
    expect(again.status).toBe(409);
    const login = (sent: string) =>
      t.nobody('POST', '/v1/login', { body: { email, password, code: sent } });
    expect((await login(code)).status).toBe(401);
    t.clock.advance(30_000);
    expect((await login(codeOf(used))).status).toBe(200);
  });

  test('of two secrets the later counts', async () => {
    const one = await t.signUp();
    const [first, second] = [await begin(one), await begin(one)];
    expect((await confirm(one, codeOf(first))).status).toBe(400);
    expect((await confirm(one, codeOf(second))).status).toBe(200);
  });
});

describe('one’s own account', () => {
  test('says where each session was last used from', async () => {
    const one = await t.signUp();
    const { headers } = await t.nobody('POST', '/v1/login', {
      body: { email: one.email, password: one.password },
      headers: { 'user-agent': `Some Browser ${'x'.repeat(500)}` },
      address: '192.0.2.7',
    });
    const [cookie = ''] = String(headers['set-cookie']).split(';', 1);
    const shown = async () => (await one.call('GET', '/v1/account')).body.sessions;
    const other = (await shown()).find(({ current }: { current: boolean }) => !current);
    expect(other).toMatchObject({ ip: '192.0.2.7' });
    expect(other.userAgent).toMatch(/^Some Browser x{1,300}$/);
    t.clock.advance(61_000);
    const elsewhere = { 'user-agent': 'Another', cookie };
    await t.nobody('GET', '/v1/me', { headers: elsewhere, address: '192.0.2.8' });
    expect(await shown()).toContainEqual(
      expect.objectContaining({ current: false, ip: '192.0.2.8', userAgent: 'Another' }),
    );
  });

  test('a new password ends the other sessions and not this one', async () => {
    const one = await t.signUp();
    const other = await t.nobody('POST', '/v1/login', {
      body: { email: one.email, password: one.password },
    });
    const elsewhere = t.withCookie(String(other.headers['set-cookie']).split(';', 1)[0]!);
    const { body } = await one.call('GET', '/v1/account');
    expect(body.sessions.map(({ current }: { current: boolean }) => current).sort()).toEqual([
      false,
      true,
    ]);
    const change = (password: string) =>
      one.call('PUT', '/v1/account/password', {
        body: { password, newPassword: 'another long password' },
      });
    expect((await change('not mine')).status).toBe(403);
    expect((await change(one.password)).status).toBe(204);
    expect((await elsewhere('GET', '/v1/me')).status).toBe(401);
    expect((await one.call('GET', '/v1/me')).status).toBe(200);
    const old = await t.nobody('POST', '/v1/login', {
      body: { email: one.email, password: one.password },
    });
    expect(old.status).toBe(401);
  });

  test('the other sessions end when asked to', async () => {
    const one = await t.signUp();
    const other = await t.nobody('POST', '/v1/login', {
      body: { email: one.email, password: one.password },
    });
    const elsewhere = t.withCookie(String(other.headers['set-cookie']).split(';', 1)[0]!);
    expect((await one.call('POST', '/v1/account/sessions/end')).status).toBe(204);
    expect((await elsewhere('GET', '/v1/me')).status).toBe(401);
  });

  test('a key has none, and no page of another site changes it', async () => {
    const admin = await user.call('POST', `/v1/apps/${user.appId}/keys`, {
      body: { capabilities: { '*': ['admin'] } },
    });
    expect((await t.withKey(admin.body.key)('GET', '/v1/account')).status).toBe(403);
    const foreign = await user.call('POST', '/v1/account/sessions/end', {
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(foreign.status).toBe(403);
  });

  test('a session that was left alone for too long is shown no more', async () => {
    const one = await t.signUp();
    t.clock.advance(13 * 3_600_000);
    const { headers } = await t.nobody('POST', '/v1/login', {
      body: { email: one.email, password: one.password },
    });
    const [cookie = ''] = String(headers['set-cookie']).split(';', 1);
    const { body } = await t.withCookie(cookie)('GET', '/v1/account');
    expect(body.sessions).toMatchObject([{ current: true }]);
  });
});
