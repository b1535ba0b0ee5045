import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  API_URL,
  startTestApi,
  type Caller,
  type SignedUp,
  type TestApi,
} from '../testing/test-api.js';
import { BillingWorker } from './billing-worker.js';

const HOUR = 3_600_000;

let t: TestApi;
let operator: Caller;
beforeAll(async () => {
  t = await startTestApi();
  const answer = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  operator = t.withCookie(String(answer.headers['set-cookie']).split(';', 1)[0]!);
});
afterAll(() => t?.stop());

const worker = () => t.api.app.get(BillingWorker);
const invoicing = () => worker().invoice(async () => t.clock.now());

async function use(user: SignedUp, units: number, meter = 'messages_published'): Promise<void> {
  const hour = new Date(Math.floor(t.clock.now() / HOUR) * HOUR + HOUR);
  await t.database.asSystem(
    (tx) => tx.$executeRaw`
      INSERT INTO usage_hour (tenant_id, app_id, key_id, meter, hour, units)
      VALUES (${user.tenantId}, ${user.appId}, '', ${meter}, ${hour}, ${units})
      ON CONFLICT (tenant_id, meter, hour, app_id, key_id)
      DO UPDATE SET units = usage_hour.units + EXCLUDED.units`,
  );
}

/** On the plan Developer, after its trial. */
async function paying(): Promise<SignedUp> {
  const user = await t.signUp();
  await operator('PATCH', `/v1/operator/tenants/${user.tenantId}/billing`, {
    body: { planId: 'developer' },
  });
  return user;
}

/** A tenant with a final invoice of one million messages more than are included. */
async function invoiced(): Promise<{ user: SignedUp; invoice: { id: string; dueMicro: string } }> {
  const user = await paying();
  await use(user, 2_000_000);
  const { body } = await user.call('GET', '/v1/billing/plan');
  t.clock.advance(Date.parse(body.subscription.periodEnd) + HOUR - t.clock.now());
  await invoicing();
  const fresh = await login(user);
  const { body: list } = await fresh.call('GET', '/v1/billing/invoices');
  return { user: fresh, invoice: list.data.at(-1) };
}

/** The clock went far ahead: sessions have ended. */
async function login(user: SignedUp): Promise<SignedUp> {
  const answer = await t.nobody('POST', '/v1/login', {
    body: { email: user.email, password: user.password },
  });
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0]!;
  const again = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  operator = t.withCookie(String(again.headers['set-cookie']).split(';', 1)[0]!);
  return { ...user, cookie, call: t.withCookie(cookie) };
}

describe('plans', () => {
  test('a tenant sees the plans it can choose, with their prices; the custom one is not for all', async () => {
    const user = await t.signUp();
    const { status, body } = await user.call('GET', '/v1/billing/plan');
    expect(status).toBe(200);
    expect(body.available.map(({ id }: { id: string }) => id).sort()).toEqual([
      ...['business', 'developer', 'free'],
    ]);
  });

  test('a preview says what the period would cost and changes nothing; the change does what it said', async () => {
    const user = await t.signUp();
    const wish = { planId: 'business', interval: 'month', currency: 'EUR' };
    const preview = await user.call('PUT', '/v1/billing/plan', {
      body: { ...wish, preview: true },
    });
    expect(preview.body).toMatchObject({ changed: false, subscription: { planId: 'business' } });
    expect((await user.call('GET', '/v1/billing/plan')).body.subscription).toBeNull();
    expect((await user.call('GET', '/v1/billing/upcoming')).status).toBe(404);
    const change = await user.call('PUT', '/v1/billing/plan', { body: wish });
    expect(change.body).toMatchObject({ changed: true, subscription: { state: 'trialing' } });
    expect(change.body.upcoming.totalMicro).toBe(preview.body.upcoming.totalMicro);
    const now = await user.call('GET', '/v1/billing/plan');
    expect(now.body).toMatchObject({
      plan: { id: 'business' },
      subscription: { provider: 'invoice' },
    });
  });

  test('a trial is given once', async () => {
    const user = await t.signUp();
    const put = (planId: string) => user.call('PUT', '/v1/billing/plan', { body: { planId } });
    expect((await put('developer')).body.subscription.state).toBe('trialing');
    expect((await put('business')).body.subscription.state).toBe('active');
  });

  test('a plan that is unknown, not for all, or retired is not found; one without a price in the currency says so', async () => {
    const user = await t.signUp();
    const put = (body: object) => user.call('PUT', '/v1/billing/plan', { body });
    expect((await put({ planId: 'nothing' })).status).toBe(404);
    expect((await put({ planId: 'custom' })).status).toBe(404);
    expect((await put({ planId: 'developer', currency: 'JPY' })).body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('JPY'),
    });
  });

  test('only an owner or who pays changes it; a developer’s key reads it', async () => {
    const user = await t.signUp();
    const { body: key } = await user.call('POST', `/v1/apps/${user.appId}/keys`, {
      body: { capabilities: { '*': ['admin'] } },
    });
    const script = t.withKey(key.key);
    expect((await script('GET', '/v1/billing/plan')).status).toBe(200);
    const refused = await script('PUT', '/v1/billing/plan', { body: { planId: 'developer' } });
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toContain('billing');
    const mail = `payer-${user.tenantId.slice(4)}@example.com`.toLowerCase();
    const { body: added } = await user.call('POST', '/v1/members', {
      body: { email: mail, role: 'billing' },
    });
    const signedIn = await t.nobody('POST', '/v1/login', {
      body: { email: mail, password: added.initialPassword },
    });
    const payer = t.withCookie(String(signedIn.headers['set-cookie']).split(';', 1)[0]!);
    const changed = await payer('PUT', '/v1/billing/plan', { body: { planId: 'developer' } });
    expect(changed.status).toBe(200);
  });

  test('without a card provider, checkout and portal say what to do instead', async () => {
    const user = await t.signUp();
    const checkout = await user.call('POST', '/v1/billing/checkout', {
      body: { planId: 'developer' },
    });
    expect(checkout.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('PUT /v1/billing/plan'),
    });
    const portal = await user.call('POST', '/v1/billing/portal', { body: {} });
    expect(portal.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('/v1/billing/invoices'),
    });
  });
});

describe('budgets', () => {
  test('stop delivery through its configuration, show how full they are, and restore at once', async () => {
    const user = await paying();
    await use(user, 5_000_000);
    const budget = (amountMicro: string) =>
      user.call('PUT', '/v1/billing/budgets', {
        body: { amountMicro, currency: 'EUR', stop: true },
      });
    expect((await budget('5000000')).body).toMatchObject({
      level: 'stopped',
      usedMicro: '10000000',
    });
    const app = () => configOf(user.appId);
    expect((await app()).spend).toMatchObject({
      state: 'stop',
      budget: { scope: 'tenant', max: 5_000_000, used: 10_000_000, currency: 'EUR' },
    });
    expect((await budget('100000000')).body).toMatchObject({ level: 'ok' });
    expect((await app()).spend).toBeUndefined();
    const degrade = await user.call('PUT', '/v1/billing/budgets', {
      body: {
        ...{ appId: user.appId, amountMicro: '11000000', currency: 'EUR', stop: false },
        degrade: { windowMs: 500, conflate: 'key' },
      },
    });
    expect(degrade.body).toMatchObject({ level: 'degraded' });
    expect((await app()).spend).toMatchObject({
      state: 'degrade',
      budget: { scope: 'app' },
      degrade: { windowMs: 500, conflate: 'key' },
    });
    const { body } = await user.call('GET', '/v1/billing/budgets');
    expect(body.data).toHaveLength(2);
    const path = `/v1/billing/budgets?appId=${user.appId}`;
    expect((await user.call('DELETE', path)).status).toBe(204);
    expect((await user.call('DELETE', path)).status).toBe(404);
    expect((await app()).spend).toBeUndefined();
  });

  test('are refused for another tenant’s app, in another currency, and over nothing', async () => {
    const user = await paying();
    const other = await t.signUp();
    const put = (body: object) =>
      user.call('PUT', '/v1/billing/budgets', {
        body: { amountMicro: '1000000', currency: 'EUR', stop: true, ...body },
      });
    expect((await put({ appId: other.appId })).status).toBe(404);
    expect((await put({ currency: 'USD' })).body.code).toBe('invalid_request');
    expect((await put({ amountMicro: '0' })).body.code).toBe('invalid_request');
  });

  test('the worker warns by e-mail, once', async () => {
    const user = await paying();
    await user.call('PUT', '/v1/billing/budgets', {
      body: { amountMicro: '11000000', currency: 'EUR', stop: true },
    });
    await use(user, 5_000_000);
    const mails = () => t.log().split('is four fifths used up').length;
    const before = mails();
    await worker().guard();
    const after = mails();
    expect(after).toBeGreaterThan(before);
    await worker().guard();
    expect(mails()).toBe(after);
  });
});

async function configOf(appId: string) {
  const { loadConfigRows } = await import('../config-feed/config-rows.js');
  const { rows } = await loadConfigRows(t.database, t.secrets, 0, t.clock.now(), API_URL);
  return rows.apps.find(({ id }) => id === appId)!;
}

describe('invoices', () => {
  test('are listed, shown, printed and explained; a payment that an operator enters pays them', async () => {
    const { user, invoice } = await invoiced();
    expect(invoice).toMatchObject({
      state: 'open',
      number: expect.stringMatching(/^HL-\d{4}-\d{6}$/),
    });
    const path = `/v1/billing/invoices/${invoice.id}`;
    const whole = await user.call('GET', path);
    expect(whole.body.lines.map(({ kind }: { kind: string }) => kind)).toEqual(['base', 'usage']);
    expect(whole.body.lines[1]).toMatchObject({ units: '2000000', amountMicro: '2500000' });
    const pdf = await user.call('GET', `${path}/pdf`);
    expect(pdf.headers['content-type']).toBe('application/pdf');
    expect(pdf.text.startsWith('%PDF-')).toBe(true);
    const explained = await user.call('GET', `${path}/lines/2/explain`);
    expect(explained.body).toMatchObject({
      ...{ billedUnits: '2000000', recountedUnits: '2000000', differenceUnits: '0' },
      apps: { [user.appId]: '2000000' },
    });
    expect((await user.call('GET', `${path}/lines/9/explain`)).status).toBe(404);
    const pay = () =>
      operator('POST', `/v1/operator/invoices/${invoice.id}/payments`, {
        body: { amountMicro: invoice.dueMicro, currency: 'EUR', ref: `bank-${invoice.id}` },
      });
    expect((await pay()).body).toMatchObject({ state: 'paid', paidMicro: invoice.dueMicro });
    expect((await pay()).body).toMatchObject({ state: 'paid', paidMicro: invoice.dueMicro });
    const { body: ledger } = await user.call('GET', '/v1/billing/ledger');
    const balance = Object.fromEntries(
      ledger.balances.map((row: { account: string; amountMicro: string }) => [
        row.account,
        row.amountMicro,
      ]),
    );
    expect(balance).toMatchObject({ cash: invoice.dueMicro, receivable: '0', cash_clearing: '0' });
    for (const { entries } of ledger.data) {
      const sum = entries.reduce(
        (all: bigint, entry: { amountMicro: string }) => all + BigInt(entry.amountMicro),
        0n,
      );
      expect(sum).toBe(0n);
    }
    const next = await user.call('GET', `/v1/billing/ledger?limit=1&after=${ledger.data[0].id}`);
    expect(next.body.data).toEqual([ledger.data[1]]);
  });

  test('another tenant’s invoice, its PDF, its lines and its ledger are not there', async () => {
    const { invoice } = await invoiced();
    const other = await t.signUp();
    for (const path of ['', '/pdf', '/lines/1/explain']) {
      const answer = await other.call('GET', `/v1/billing/invoices/${invoice.id}${path}`);
      expect(answer.status).toBe(404);
    }
    expect((await other.call('GET', '/v1/billing/ledger')).body.data).toEqual([]);
    expect((await other.call('GET', '/v1/billing/invoices')).body.data).toEqual([]);
    const after = await other.call('GET', `/v1/billing/invoices?after=${invoice.id}`);
    expect(after.status).toBe(400);
  });

  test('an operator voids an open invoice, and not a paid one', async () => {
    const { invoice } = await invoiced();
    const path = `/v1/operator/invoices/${invoice.id}/void`;
    const voided = await operator('POST', path, { body: {} });
    expect(voided.body).toMatchObject({ state: 'void' });
    const pay = await operator('POST', `/v1/operator/invoices/${invoice.id}/payments`, {
      body: { amountMicro: '1', currency: 'USD', ref: 'x' },
    });
    expect(pay.body.code).toBe('conflict');
  });
});

describe('operators', () => {
  test('make, change and retire plans; a retired one stays with who has it and is gone for others', async () => {
    const pricing = {
      currencies: { EUR: { base: { month: '7000000' } } },
      public: true,
    };
    const made = await operator('POST', '/v1/operator/plans', {
      body: { id: 'special', name: 'Special', pricing },
    });
    expect(made.status).toBe(201);
    expect(
      (
        await operator('POST', '/v1/operator/plans', {
          body: { id: 'special', name: 'x', pricing },
        })
      ).body.code,
    ).toBe('conflict');
    const user = await t.signUp();
    const put = (who: SignedUp) =>
      who.call('PUT', '/v1/billing/plan', { body: { planId: 'special' } });
    expect((await put(user)).status).toBe(200);
    const retired = await operator('DELETE', '/v1/operator/plans/special');
    expect(retired.body).toMatchObject({ status: 'retired' });
    expect((await put(await t.signUp())).status).toBe(404);
    expect((await user.call('GET', '/v1/billing/plan')).body.plan.id).toBe('special');
    expect(
      (await operator('PATCH', '/v1/operator/plans/none', { body: { name: 'x' } })).status,
    ).toBe(404);
  });

  test('a plan that an operator edited survives the next start', async () => {
    await operator('PATCH', '/v1/operator/plans/free', { body: { name: 'Free of charge' } });
    await t.api.seed();
    const { body } = await operator('GET', '/v1/operator/plans');
    const free = body.data.find(({ id }: { id: string }) => id === 'free');
    expect(free.name).toBe('Free of charge');
  });

  test('prices that make no sense are refused', async () => {
    const broken = (tiers: object[]) =>
      operator('POST', '/v1/operator/plans', {
        body: {
          ...{ id: 'broken', name: 'Broken' },
          pricing: {
            currencies: { EUR: { meters: { messages_published: { mode: 'graduated', tiers } } } },
          },
        },
      });
    const tier = { amountMicro: '1', per: '1' };
    expect((await broken([{ ...tier, upTo: '5' }])).status).toBe(400);
    expect(
      (
        await broken([
          { ...tier, upTo: '5' },
          { ...tier, upTo: '4' },
          { ...tier, upTo: null },
        ])
      ).status,
    ).toBe(400);
    expect((await broken([{ ...tier, amountMicro: '0.5', upTo: null }])).status).toBe(400);
  });

  test('end a coupon: nobody new gets it, and who has it keeps it', async () => {
    const body = { code: 'LEAVING', name: 'Leaving', basisPoints: 1000, duration: 'forever' };
    await operator('POST', '/v1/operator/coupons', { body });
    const give = (user: SignedUp) =>
      operator('PATCH', `/v1/operator/tenants/${user.tenantId}/billing`, {
        body: { addCoupon: 'LEAVING' },
      });
    const early = await t.signUp();
    expect((await give(early)).status).toBe(200);
    const ended = await operator('DELETE', '/v1/operator/coupons/LEAVING');
    expect([ended.status, ended.body.active]).toEqual([200, false]);
    expect((await operator('DELETE', '/v1/operator/coupons/LEAVING')).status).toBe(200);
    expect((await operator('DELETE', '/v1/operator/coupons/NONE')).status).toBe(404);
    expect((await operator('DELETE', '/v1/operator/coupons/not%20one')).status).toBe(404);
    expect((await give(await t.signUp())).status).toBe(404);
    const kept = await operator('GET', `/v1/operator/tenants/${early.tenantId}/billing`);
    expect(kept.body.coupons).toEqual([{ code: 'LEAVING', remaining: null }]);
  });

  test('give credit once per reference, a coupon, and tax', async () => {
    const user = await paying();
    const path = `/v1/operator/tenants/${user.tenantId}`;
    const credit = { amountMicro: '5000000', currency: 'EUR', reason: 'Sorry', ref: 'outage-1' };
    await operator('POST', `${path}/credits`, { body: credit });
    const twice = await operator('POST', `${path}/credits`, { body: credit });
    expect(twice.body.credits).toMatchObject([
      { amountMicro: '5000000', remainingMicro: '5000000' },
    ]);
    const coupon = await operator('POST', '/v1/operator/coupons', {
      body: { code: 'TEN', name: 'Ten per cent', basisPoints: 1_000, duration: 'forever' },
    });
    expect(coupon.status).toBe(201);
    const patched = await operator('PATCH', `${path}/billing`, {
      body: { addCoupon: 'TEN', taxBasisPoints: 1_900, name: 'Example GmbH' },
    });
    expect(patched.body).toMatchObject({
      coupons: [{ code: 'TEN', remaining: null }],
      profile: { taxBasisPoints: 1_900, name: 'Example GmbH' },
    });
    const { body } = await user.call('GET', '/v1/billing/upcoming');
    expect(body.lines.map(({ kind }: { kind: string }) => kind)).toEqual([
      'base',
      'discount',
      'tax',
    ]);
    expect(body.creditMicro).toBe('5000000');
    expect(
      (await operator('PATCH', '/v1/operator/tenants/ten_none/billing', { body: { name: 'x' } }))
        .status,
    ).toBe(404);
  });
});
