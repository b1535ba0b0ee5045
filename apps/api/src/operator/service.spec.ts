import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeliveryHealth, LiveLimitEvents, NearLimits, Reconciliation } from '#contracts';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let operator: Caller;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  const answer = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  operator = t.withCookie(String(answer.headers['set-cookie']).split(';', 1)[0]!);
});
afterAll(() => t.stop());

const HEALTH: DeliveryHealth = {
  ...{ id: 'node-1', node: 'n1', startedAt: 0, memoryBytes: 1, holds: 7, streams: 1, channels: 2 },
  present: 3,
  parts: [{ name: 'log', ok: true, fault: null }],
  draining: false,
  engine: {
    ...{ ok: true, fault: null, ack: 'local-fsync', epoch: 'e', position: 9, readMs: 0.1 },
    ...{ commitMs: 1.5, bytes: 8_192, freeBytes: 1_000_000, floorBytes: 1_000 },
  },
};

const asksForConfig = (node: string, since: number) =>
  t.nobody('GET', `/internal/v1/config?node=${node}&since=${since}&wait=0`, {
    headers: { authorization: `Bearer ${t.secrets.derive('internal').toString('hex')}` },
  });

describe('servers', () => {
  test('each that asked for its configuration is listed, with how far it is and how it is', async () => {
    await asksForConfig('node-0', 0);
    t.clock.advance(60_000);
    await asksForConfig('node-1', 0);
    t.delivery.answer = ({ url }) =>
      url.includes('/internal/health') ? { status: 200, body: HEALTH } : { status: 200, body: {} };
    const { status, body } = await operator('GET', '/v1/operator/nodes');
    expect(status).toBe(200);
    expect(body.delivery).toEqual({ ok: true, fault: null });
    expect(body.api.database).toEqual({ ok: true, fault: null });
    const version = body.api.configVersion;
    expect(body.nodes).toMatchObject([
      { id: 'node-1', isGone: false, configVersion: 0, behind: version, health: { holds: 7 } },
      { id: 'node-0', isGone: true, health: null },
    ]);
  });

  test('delivery being away is told, not an error', async () => {
    t.delivery.answer = null;
    const { status, body } = await operator('GET', '/v1/operator/nodes');
    expect(status).toBe(200);
    expect(body.delivery).toMatchObject({ ok: false });
    expect(body.delivery.fault).toContain('ECONNREFUSED');
  });
});

describe('limits in trouble', () => {
  const event = (type: 'limit.reached' | 'limit.warning', hoursAgo: number, used: number) => {
    const at = new Date(t.clock.now() - hoursAgo * 3_600_000).toISOString();
    return {
      ...{ type, name: 'holds_key', tenantId: user.tenantId, appId: user.appId, subject: 'k' },
      ...{ max: 100, used, at, resetAt: null, key: `${type}:${at}`, times: 3 },
    };
  };
  const answers =
    (events: LiveLimitEvents['events'], limits: NearLimits['limits']) =>
    ({ url }: { url: string }) => ({
      status: 200,
      body: url.includes('/internal/limit-events') ? { events } : { limits },
    });

  test('each once, with how often it refused in the last day; the fullest first', async () => {
    const { tenantId, appId } = user;
    t.delivery.answer = answers(
      [
        event('limit.warning', 3, 80),
        event('limit.reached', 30, 100),
        event('limit.reached', 2, 100),
        event('limit.reached', 1, 90),
        { ...event('limit.reached', 1, 1), name: 'publishes_per_second_key' },
        { ...event('limit.reached', 1, 1), tenantId: 'ten_gone' },
      ],
      [{ ...{ name: 'holds_tenant', tenantId, appId: null, subject: null }, used: 95, max: 100 }],
    );
    const { body } = await operator('GET', '/v1/operator/limits');
    expect(body).toMatchObject({
      note: null,
      budgets: [],
      data: [
        { name: 'holds_tenant', state: 'warning', share: 0.95, refused: 0, at: null },
        { name: 'holds_key', state: 'reached', share: 0.9, refused: 6, appId, subject: 'k' },
        { name: 'publishes_per_second_key', share: 0.01, tenant: { id: tenantId } },
      ],
    });
  });

  test('what the control plane counts is among them, also while delivery is away', async () => {
    const { tenantId, call } = await t.signUp();
    const limits = { apps: 1, members: null, keys: 50 };
    await operator('PATCH', `/v1/operator/tenants/${tenantId}`, { body: { limits } });
    t.delivery.answer = null;
    const { body } = await operator('GET', '/v1/operator/limits');
    expect(body.note).toContain('cannot be reached');
    expect(body.data).toMatchObject([
      { name: 'apps', tenant: { id: tenantId }, used: 1, max: 1, share: 1, state: 'warning' },
    ]);
    expect((await call('GET', '/v1/limits')).body.limits).toContainEqual(
      expect.objectContaining({ name: 'apps', used: 1, max: 1 }),
    );
  });
});

describe('a tenant as its operator sees it', () => {
  test('is found by name, id and a member’s address; its people, apps and usage are shown', async () => {
    const { email, tenantId, appId } = user;
    for (const text of [email.toUpperCase(), tenantId.slice(4, 12)]) {
      const { body } = await operator('GET', `/v1/operator/tenants?search=${text}`);
      expect(body.data.map(({ id }: { id: string }) => id)).toEqual([tenantId]);
    }
    for (const text of ['nobody', '%25', '%5C', 'e%25e', '%5F%5F']) {
      const none = await operator('GET', `/v1/operator/tenants?search=${text}`);
      expect([text, none.body.data]).toEqual([text, []]);
    }
    const suspended = await operator('GET', '/v1/operator/tenants?status=suspended');
    expect(suspended.body.data).toEqual([]);
    const { body } = await operator('GET', `/v1/operator/tenants/${tenantId}`);
    expect(body).toMatchObject({
      people: [{ email, role: 'owner' }],
      appList: [{ id: appId, status: 'active', keys: 0 }],
      usage: { total: { messages_published: 0 } },
    });
    const limits = await operator('GET', `/v1/operator/tenants/${tenantId}/limits`);
    expect(limits.body.limits.length).toBeGreaterThan(10);
    for (const path of ['', '/limits'])
      expect((await operator('GET', `/v1/operator/tenants/ten_none${path}`)).status).toBe(404);
  });

  test('who is signed in is told to operators alone', async () => {
    expect((await operator('GET', '/v1/operator/me')).body.email).toBe(t.demo.operator.email);
    expect((await user.call('GET', '/v1/operator/me')).status).toBe(401);
  });
});

describe('reconciliation', () => {
  const show = async () =>
    (await operator('GET', '/v1/operator/reconciliation')).body as Reconciliation;
  const check = async (name: string) => (await show()).checks.find((one) => one.name === name);

  test('where nothing happened nothing differs, and what was never looked at does not count as right', async () => {
    const { checks, stripe, asOf } = await show();
    expect(stripe).toBe('not connected');
    expect(checks.filter(({ state }) => state === 'differs')).toEqual([]);
    // The books are looked at now; what is done now and then was not yet.
    expect(checks.map(({ state, lastRunAt }) => [state, lastRunAt])).toEqual([
      ...Array.from({ length: 4 }, () => ['ok', asOf]),
      ...Array.from({ length: 4 }, () => ['never run', null]),
    ]);
  });

  test('an invoice that the ledger does not know is found', async () => {
    const at = new Date(0);
    await t.database.asSystem(async (tx) => {
      await tx.invoice.create({
        data: {
          ...{ id: 'inv_lost', tenantId: user.tenantId, currency: 'EUR', provider: 'invoice' },
          ...{ periodStart: at, periodEnd: at, wholeHours: 1, finalizesAt: at },
        },
      });
      await tx.invoice.update({
        where: { id: 'inv_lost' },
        data: {
          state: 'open',
          number: 'HL-1',
          finalizedAt: at,
          dueAt: at,
          totalMicro: 5n,
          dueMicro: 5n,
        },
      });
    });
    const found = await check('Invoices and ledger agree');
    expect(found).toMatchObject({ state: 'differs', open: 1 });
    expect(found?.found).toContain(user.tenantId);
  });

  test('all tenants’ invoices are listed with whose they are, or those of one tenant or state', async () => {
    const list = async (query: string) => {
      const { body } = await operator('GET', `/v1/operator/invoices?${query}`);
      return body.data.map(({ id }: { id: string }) => id);
    };
    const { body } = await operator('GET', '/v1/operator/invoices');
    expect(body.data).toMatchObject([{ id: 'inv_lost', tenantId: user.tenantId }]);
    const tenant = await operator('GET', `/v1/operator/tenants/${user.tenantId}`);
    expect(body.data[0].tenantName).toBe(tenant.body.name);
    expect(await list(`tenant=${user.tenantId}&state=open`)).toEqual(['inv_lost']);
    expect(await list(`tenant=${user.tenantId}&state=paid`)).toEqual([]);
    expect(await list(`tenant=${t.demo.tenantId}`)).toEqual([]);
  });

  test('a payment that is not in the ledger is found', async () => {
    await t.database.asSystem((tx) =>
      tx.payment.create({
        data: {
          ...{ id: 'pay_lost', tenantId: user.tenantId, invoiceId: 'inv_lost', ref: 'lost' },
          ...{ state: 'succeeded', amountMicro: 5n, currency: 'EUR', provider: 'invoice' },
          ...{ at: new Date(0), createdBy: 'system' },
        },
      }),
    );
    const found = await check('Payments agree');
    expect(found).toMatchObject({ state: 'differs', open: 1 });
    expect(found?.found).toContain('inv_lost (it says 0, its payments 5, the ledger 0 millionths)');
  });

  const hour = new Date(Math.floor(Date.now() / 3_600_000 - 48) * 3_600_000);
  const meter = 'messages_published' as const;
  const named = () => ({ tenantId: user.tenantId, meter, hour: hour.toISOString() });
  const put = (version: number, state: string) =>
    t.database.asSystem((tx) =>
      tx.stripeHour.create({
        data: {
          ...{ tenantId: user.tenantId, meter, hour, version, units: 5n, state, nextAt: hour },
          fault: 'No such customer.',
        },
      }),
    );
  const newest = () =>
    t.database.asSystem((tx) =>
      tx.stripeHour.findFirst({ where: { hour }, orderBy: { version: 'desc' } }),
    );
  const act = (what: 'retry' | 'forgo', note?: string) =>
    operator('POST', `/v1/operator/stripe/hours/${what}`, {
      body: { ...named(), ...(note && { note }) },
    });

  test('a refused hour is shown, and sent again under another key', async () => {
    await put(1, 'refused');
    expect((await show()).refusedHours).toMatchObject([
      { tenant: { id: user.tenantId }, fault: 'No such customer.', units: '5' },
    ]);
    expect(await check('Stripe has every hour')).toMatchObject({ state: 'differs', open: 1 });
    expect((await act('retry')).status).toBe(204);
    expect(await newest()).toMatchObject({ state: 'pending', spentKeys: 1, fault: null });
    // Waiting is no fault until it lasts for hours.
    expect(await check('Stripe has every hour')).toMatchObject({ open: 0 });
    t.clock.advance(4 * 3_600_000);
    expect(await check('Stripe has every hour')).toMatchObject({ open: 1 });
    expect((await act('retry')).status).toBe(409);
  });

  test('one whose newer total was taken is none any more', async () => {
    await put(2, 'refused');
    await put(3, 'sent');
    expect((await show()).refusedHours).toEqual([]);
    expect((await act('retry')).body.detail).toContain('is sent');
    expect((await act('forgo', 'No way.')).status).toBe(409);
  });

  test('one that Stripe takes no more can only be given up, with why: its difference is settled by that', async () => {
    await put(4, 'expired');
    const key = `hour:t:${user.tenantId}:m:${meter}:h:${hour.toISOString()}:v4`;
    await t.database.asSystem((tx) =>
      tx.stripeDifference.create({
        data: { key, kind: 'hour', ours: '5', theirs: 'not taken', note: 'x', foundAt: hour },
      }),
    );
    t.clock.advance(36 * 86_400_000);
    const signed = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
    operator = t.withCookie(String(signed.headers['set-cookie']).split(';', 1)[0]!);
    const { status, body } = await act('retry');
    expect([status, body.code]).toEqual([409, 'conflict']);
    expect(body.detail).toContain('Give it up');
    expect((await act('forgo')).status).toBe(400);
    expect((await act('forgo', 'The customer is gone.')).status).toBe(204);
    expect(await newest()).toMatchObject({ state: 'forgone', version: 4 });
    expect((await show()).refusedHours).toEqual([]);
    const known = await t.database.asSystem((tx) =>
      tx.stripeDifference.findUnique({ where: { key } }),
    );
    expect(known).toMatchObject({ settledNote: 'The customer is gone.' });
  });

  test('an event that could not be taken in is shown with why, and taken in again', async () => {
    const at = new Date(t.clock.now());
    await t.database.asSystem((tx) =>
      tx.stripeEvent.create({
        data: {
          ...{ id: 'evt_1', type: 'invoice.paid', objectId: 'in_1', created: at, receivedAt: at },
          ...{
            via: 'webhook',
            state: 'failed',
            attempts: 300,
            nextAt: at,
            fault: 'No such invoice.',
          },
        },
      }),
    );
    expect(await check('Stripe’s events are worked on')).toMatchObject({ open: 1 });
    expect((await show()).failedEvents).toMatchObject([{ id: 'evt_1', fault: 'No such invoice.' }]);
    const retry = (id: string) =>
      operator('POST', '/v1/operator/stripe/events/retry', { body: { id } });
    expect((await retry('evt_none')).status).toBe(404);
    expect((await retry('evt_1')).status).toBe(204);
    expect((await retry('evt_1')).status).toBe(409);
    expect((await show()).failedEvents).toEqual([]);
    const { body } = await operator('GET', '/v1/operator/log?limit=1');
    expect(body.data).toMatchObject([
      { action: 'stripe-event.retried', target: 'evt_1', tenant: null },
    ]);
  });

  test('a difference is settled once, with why', async () => {
    await t.database.asSystem((tx) =>
      tx.stripeDifference.create({
        data: {
          ...{ key: 'payment:1', kind: 'payment', ours: '1', theirs: '2', note: 'Look.' },
          foundAt: new Date(0),
        },
      }),
    );
    expect(await check('No difference is open')).toMatchObject({ state: 'differs', open: 1 });
    const settle = () =>
      operator('POST', '/v1/operator/stripe/differences/settle', {
        body: { id: 'payment:1', note: 'Refunded by hand.' },
      });
    expect((await settle()).status).toBe(204);
    expect((await settle()).status).toBe(404);
    expect(await check('No difference is open')).toMatchObject({ open: 0 });
    const list = await operator('GET', '/v1/operator/stripe/differences');
    expect(list.body.data[0]).toMatchObject({
      ...{ note: 'Look.', settledNote: 'Refunded by hand.' },
      settledBy: expect.stringMatching(/^opr_/),
    });
  });
});
