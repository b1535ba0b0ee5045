import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, type OperatorLogEntry, type RouteSpec } from '#contracts';
import { generateSync } from 'otplib';
import { Passwords } from '../../accounts/passwords.js';
import { TwoStep } from '../../accounts/two-step/two-step.js';
import { OperatorTrail } from '../../audit/operator-trail.js';
import { LOG } from '../../data/log.js';
import { Settings } from '../../settings.js';
import { startTestApi, type Caller, type TestApi } from '../../testing/test-api.js';
import { DeclaredOperatorSeed } from './declared-operator-seed.js';

let t: TestApi;
let first: Caller;
let mine: string;
beforeAll(async () => {
  t = await startTestApi();
  mine = t.demo.operator.password;
});
beforeEach(async () => {
  // What waits after wrong passwords is over.
  t.clock.advance(60 * 60_000);
  first = await signedIn(t.demo.operator);
});
afterAll(() => t.stop());

interface Person {
  readonly email: string;
  readonly password: string;
  readonly code?: string;
}

const logIn = (body: Person) => t.nobody('POST', '/v1/operator/login', { body });

async function signedIn(person: Person): Promise<Caller> {
  const { headers } = await logIn(person);
  return t.withCookie(String(headers['set-cookie']).split(';', 1)[0]!);
}

let count = 0;
async function colleague(): Promise<Person & { id: string; call: Caller }> {
  const email = `colleague-${++count}@holdline.example`;
  const { status, body } = await first('POST', '/v1/operator/operators', {
    body: { email, password: mine },
  });
  expect(status).toBe(201);
  const person = { email, password: body.initialPassword as string };
  return { id: body.id as string, ...person, call: await signedIn(person) };
}

const log = async (query = ''): Promise<OperatorLogEntry[]> =>
  (await first('GET', `/v1/operator/log${query}`)).body.data;

describe('operators', () => {
  test('are added with the password of who adds them, and sign in with one that is shown once', async () => {
    const wrong = await first('POST', '/v1/operator/operators', {
      body: { email: 'x@holdline.example', password: 'a guess' },
    });
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([403, '/password']);
    const one = await colleague();
    expect((await one.call('GET', '/v1/operator/me')).body.email).toBe(one.email);
    const { body } = await first('GET', '/v1/operator/operators');
    expect(body.data.at(-1)).toMatchObject({ id: one.id, email: one.email, twoStep: false });
    const again = await first('POST', '/v1/operator/operators', {
      body: { email: one.email, password: mine },
    });
    expect(again.status).toBe(409);
  });

  test('are removed: their session ends at once, they sign in no more, and come back as somebody new', async () => {
    const one = await colleague();
    const remove = (password: string) =>
      first('POST', `/v1/operator/operators/${one.id}/remove`, { body: { password } });
    expect((await remove('a guess')).status).toBe(403);
    expect((await one.call('GET', '/v1/operator/me')).status).toBe(200);
    expect((await remove(mine)).status).toBe(204);
    expect((await one.call('GET', '/v1/operator/me')).status).toBe(401);
    expect((await logIn({ email: one.email, password: one.password })).status).toBe(401);
    expect((await remove(mine)).status).toBe(404);
    const { body } = await first('POST', '/v1/operator/operators', {
      body: { email: one.email, password: mine },
    });
    expect(body.id).not.toBe(one.id);
  });

  test('do not remove themselves, and of two who remove each other one remains', async () => {
    const one = await colleague();
    const { body: me } = await first('GET', '/v1/operator/me');
    const own = await first('POST', `/v1/operator/operators/${me.id}/remove`, {
      body: { password: mine },
    });
    expect(own.status).toBe(409);
    const two = await colleague();
    const removal = await Promise.all([
      one.call('POST', `/v1/operator/operators/${two.id}/remove`, {
        body: { password: one.password },
      }),
      two.call('POST', `/v1/operator/operators/${one.id}/remove`, {
        body: { password: two.password },
      }),
    ]);
    expect(removal.map(({ status }) => status).sort()).toEqual([204, 401]);
  });

  test('change their password: other sessions end, the one that did it goes on', async () => {
    const one = await colleague();
    const other = await signedIn({ email: one.email, password: one.password });
    const changed = await one.call('PUT', '/v1/operator/account/password', {
      body: { password: one.password, newPassword: 'another one of mine' },
    });
    expect(changed.status).toBe(204);
    expect((await other('GET', '/v1/operator/me')).status).toBe(401);
    const kept = t.withCookie(String(changed.headers['set-cookie']).split(';', 1)[0]!);
    expect((await kept('GET', '/v1/operator/me')).status).toBe(200);
    expect((await logIn({ email: one.email, password: one.password })).status).toBe(401);
    const { email } = one;
    expect((await logIn({ email, password: 'another one of mine' })).status).toBe(200);
  });
});

describe('an operator’s second step', () => {
  test('is turned on with a first code; then a password alone signs nobody in, and each code counts once', async () => {
    const { call, email, password } = await colleague();
    const begun = await call('POST', '/v1/operator/account/two-step', { body: { password } });
    expect(begun.status).toBe(200);
    expect(decodeURIComponent(begun.body.uri)).toContain(`${email} (operator)`);
    const codeNow = () =>
      generateSync({ secret: begun.body.secret, epoch: Math.floor(t.clock.now() / 1000) });
    const { body } = await call('POST', '/v1/operator/account/two-step/confirm', {
      body: { code: codeNow() },
    });
    expect(body.recoveryCodes).toHaveLength(10);
    const asked = await logIn({ email, password });
    expect([asked.status, asked.body.code]).toEqual([401, 'second_factor_required']);
    expect(asked.headers['set-cookie']).toBeUndefined();
    expect((await logIn({ email, password: 'a guess' })).body.code).toBe('unauthenticated');
    t.clock.advance(60_000);
    const code = codeNow();
    expect((await logIn({ email, password, code })).status).toBe(200);
    expect((await logIn({ email, password, code })).status).toBe(401);
    const [recovery] = body.recoveryCodes as string[];
    expect((await logIn({ email, password, code: recovery! })).status).toBe(200);
    const account = await call('GET', '/v1/operator/account');
    expect(account.body).toMatchObject({ email, twoStep: { enabled: true, recoveryCodesLeft: 9 } });
    expect((await call('GET', '/v1/operator/operators')).body.data.at(-1).twoStep).toBe(true);
    const off = (said: string) =>
      call('POST', '/v1/operator/account/two-step/off', { body: { password: said } });
    expect((await off('a guess')).status).toBe(403);
    expect((await off(password)).status).toBe(204);
    expect((await logIn({ email, password })).status).toBe(200);
  });

  test('goes with the operator who is removed', async () => {
    const { call, id, password } = await colleague();
    await call('POST', '/v1/operator/account/two-step', { body: { password } });
    await first('POST', `/v1/operator/operators/${id}/remove`, { body: { password: mine } });
    const left = await t.database.asSystem((tx) => tx.twoStep.count({ where: { personId: id } }));
    expect(left).toBe(0);
  });
});

describe('the operators’ log', () => {
  /** What each route of operators that changes nothing of a tenant’s leaves: those are in audit/every-change.spec.ts. */
  const LEAVES = {
    operatorLogin: 'operator.signed-in',
    operatorBeginTwoStep: 'two-step.begun',
    operatorConfirmTwoStep: 'two-step.enabled',
    operatorRenewRecoveryCodes: 'recovery-codes.renewed',
    operatorEndTwoStep: 'two-step.disabled',
    operatorCreatePlan: 'plan.created',
    operatorUpdatePlan: 'plan.updated',
    operatorRetirePlan: 'plan.retired',
    operatorCreateCoupon: 'coupon.created',
    operatorEndCoupon: 'coupon.ended',
    operatorAddStaff: 'operator.added',
    operatorRemoveStaff: 'operator.removed',
    operatorChangePassword: 'password.changed',
  };

  test('each such route is here; an event of Stripe’s that is taken in again is in service.spec.ts', () => {
    const names = Object.entries<RouteSpec>(CONTROL_ROUTES)
      .filter(
        ([name, { method, path }]) =>
          name.startsWith('operator') &&
          method !== 'GET' &&
          !/logout|tenants|invoices|impersonation|stripe/.test(path),
      )
      .map(([name]) => name);
    expect(names.sort()).toEqual(Object.keys(LEAVES).sort());
  });

  test('has an entry of each', async () => {
    const { call, id, password } = await colleague();
    const again = { body: { password } };
    const { body: begun } = await call('POST', '/v1/operator/account/two-step', again);
    const code = generateSync({
      secret: begun.secret,
      epoch: Math.floor(t.clock.now() / 1000),
    });
    await call('POST', '/v1/operator/account/two-step/confirm', { body: { code } });
    await call('POST', '/v1/operator/account/two-step/recovery-codes', again);
    await call('POST', '/v1/operator/account/two-step/off', again);
    await call('POST', '/v1/operator/plans', { body: PLAN });
    await call('PATCH', '/v1/operator/plans/logged', { body: { name: 'Other' } });
    await call('DELETE', '/v1/operator/plans/logged');
    await call('POST', '/v1/operator/coupons', { body: COUPON });
    await call('DELETE', '/v1/operator/coupons/LOGGED');
    const { body: other } = await call('POST', '/v1/operator/operators', {
      body: { email: 'logged@holdline.example', password },
    });
    await call('POST', `/v1/operator/operators/${other.id}/remove`, again);
    await call('PUT', '/v1/operator/account/password', {
      body: { password, newPassword: 'another one of mine' },
    });
    const entries = (await log(`?operator=${id}`)).reverse();
    expect(entries.map(({ action }) => action)).toEqual(Object.values(LEAVES));
    for (const { tenant, ip } of entries) expect([tenant, ip]).toEqual([null, '127.0.0.1']);
  });

  test('holds what an operator did to a tenant, under that tenant’s id too, and nothing of the tenant’s own', async () => {
    const user = await t.signUp();
    await user.call('POST', '/v1/apps', { body: { name: 'mine' } });
    await first('PATCH', `/v1/operator/tenants/${user.tenantId}`, { body: { status: 'active' } });
    expect(await log(`?tenant=${user.tenantId}`)).toMatchObject([
      { action: 'tenant.updated', tenant: user.tenantId, ip: expect.any(String) },
    ]);
    const { body } = await user.call('GET', '/v1/audit?action=tenant.updated');
    expect(body.data).toHaveLength(1);
  });

  test('tells who failed to sign in as an operator that there is, and of nobody else', async () => {
    const one = await colleague();
    const failures = async () => (await log()).filter(({ action }) => action === 'login.failed');
    const before = (await failures()).length;
    await logIn({ email: 'nobody@holdline.example', password: 'a guess' });
    await logIn({ email: one.email, password: 'a guess' });
    // It is noted beside the answer.
    await t.eventually(async () =>
      expect((await failures()).slice(0, -before || undefined)).toMatchObject([
        { actor: 'anonymous', target: one.id },
      ]),
    );
  });

  test('goes on page by page, and neither a secret stands in it nor is an entry changed', async () => {
    const all = await log('?limit=100');
    const page = await first('GET', '/v1/operator/log?limit=2');
    expect(page.body).toMatchObject({ hasMore: true, data: all.slice(0, 2) });
    expect(await log(`?limit=2&after=${all[1]?.id}`)).toEqual(all.slice(2, 4));
    expect(JSON.stringify(all)).not.toMatch(/secret|argon2|another one of mine/);
    await expect(
      t.database.asSystem((tx) => tx.operatorEntry.updateMany({ data: { actor: 'opr_x' } })),
    ).rejects.toThrow(/permission denied|never changed/);
    await expect(t.database.asSystem((tx) => tx.operatorEntry.deleteMany())).rejects.toThrow(
      /permission denied|never changed/,
    );
  });
});

describe('the operator that the environment names', () => {
  const seed = (email: string, password: string) => {
    const { app } = t.api;
    const settings = { ...app.get(Settings), operator: { email, password } };
    return new DeclaredOperatorSeed(
      t.database,
      app.get(Passwords),
      app.get(TwoStep, { strict: false }),
      app.get(OperatorTrail),
      t.clock,
      new Settings(settings),
      app.get(LOG),
    ).run();
  };

  test('is made at the start, and left alone at the next', async () => {
    const person = { email: 'named@holdline.example', password: 'from the environment' };
    await seed(person.email, person.password);
    const call = await signedIn(person);
    expect((await call('GET', '/v1/operator/me')).body.email).toBe(person.email);
    await seed(person.email, person.password);
    expect((await call('GET', '/v1/operator/me')).status).toBe(200);
  });

  test('comes back in after losing password and authenticator app', async () => {
    const { call, email, password, id } = await colleague();
    const { body } = await call('POST', '/v1/operator/account/two-step', { body: { password } });
    const code = generateSync({ secret: body.secret, epoch: Math.floor(t.clock.now() / 1000) });
    await call('POST', '/v1/operator/account/two-step/confirm', { body: { code } });
    await seed(email, password);
    expect((await logIn({ email, password })).body.code).toBe('second_factor_required');
    await seed(email, 'a way back in again');
    expect((await logIn({ email, password: 'a way back in again' })).status).toBe(200);
    expect((await call('GET', '/v1/operator/me')).status).toBe(401);
    expect((await log()).filter(({ target }) => target === id)).toContainEqual(
      expect.objectContaining({ action: 'operator.reset', actor: 'system' }),
    );
  });
});

const COUPON = {
  ...{ code: 'LOGGED', name: 'Logged', basisPoints: 1_000, amountMicro: null, currency: null },
  ...{ duration: 'once', invoices: null },
};
const PLAN = {
  ...{ id: 'logged', name: 'Logged' },
  pricing: { included: {}, currencies: { EUR: { base: { month: '1000000' }, meters: {} } } },
};
