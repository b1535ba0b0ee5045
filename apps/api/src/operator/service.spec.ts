import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeliveryHealth, LiveLimitEvents, Reconciliation } from '#contracts';
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
  engine: { ok: true, fault: null, ack: 'local-fsync', epoch: 'e', position: 9, readMs: 0.1 },
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
  const event = (type: 'limit.reached' | 'limit.warning', at: string, used: number) => ({
    ...{ type, name: 'holds_key', tenantId: user.tenantId, appId: user.appId, subject: 'k' },
    ...{ max: 100, used, at, resetAt: null, key: `${type}:${at}` },
  });

  test('what refused goes before what warned, each once, with whose it is', async () => {
    const events: LiveLimitEvents = {
      events: [
        event('limit.warning', '2026-01-01T00:00:00.000Z', 80),
        event('limit.reached', '2026-01-01T01:00:00.000Z', 100),
        event('limit.reached', '2026-01-01T02:00:00.000Z', 100),
        { ...event('limit.reached', '2026-01-01T02:00:00.000Z', 1), tenantId: 'ten_gone' },
      ],
    };
    t.delivery.answer = () => ({ status: 200, body: events });
    const { body } = await operator('GET', '/v1/operator/limits');
    expect(body).toMatchObject({
      note: null,
      budgets: [],
      data: [
        { state: 'reached', at: '2026-01-01T02:00:00.000Z', tenant: { id: user.tenantId } },
        { state: 'warning', used: 80, max: 100 },
      ],
    });
    t.delivery.answer = null;
    const away = await operator('GET', '/v1/operator/limits');
    expect(away.body).toMatchObject({
      data: [],
      note: expect.stringContaining('cannot be reached'),
    });
  });
});

describe('a tenant as its operator sees it', () => {
  test('is found by name, id and a member’s address; its people, apps and usage are shown', async () => {
    const { email, tenantId, appId } = user;
    for (const text of [email.toUpperCase(), tenantId.slice(4, 12)]) {
      const { body } = await operator('GET', `/v1/operator/tenants?search=${text}`);
      expect(body.data.map(({ id }: { id: string }) => id)).toEqual([tenantId]);
    }
    const none = await operator('GET', '/v1/operator/tenants?search=nobody%25');
    expect(none.body.data).toEqual([]);
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

  test('a service where nothing happened has nothing wrong but that no usage was read yet', async () => {
    const { checks, stripe } = await show();
    expect(stripe).toBe('not connected');
    expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['Usage is counted']);
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
    expect(found).toMatchObject({ ok: false });
    expect(found?.found).toContain(user.tenantId);
  });

  test('a refused hour is shown, and sent again under another key', async () => {
    const hour = new Date('2026-01-01T00:00:00Z');
    const row = { tenantId: user.tenantId, meter: 'messages_published', hour, version: 1 };
    await t.database.asSystem((tx) =>
      tx.stripeHour.create({
        data: { ...row, units: 5n, state: 'refused', nextAt: hour, fault: 'No such customer.' },
      }),
    );
    expect((await show()).refusedHours).toMatchObject([
      { tenant: { id: user.tenantId }, fault: 'No such customer.', units: '5' },
    ]);
    expect(await check('Stripe has every hour')).toMatchObject({ ok: false });
    const body = { tenantId: row.tenantId, meter: row.meter, hour: hour.toISOString() };
    const retry = () => operator('POST', '/v1/operator/stripe/hours/retry', { body });
    expect((await retry()).status).toBe(204);
    const now = await t.database.asSystem((tx) => tx.stripeHour.findFirst({ where: row }));
    expect(now).toMatchObject({ state: 'pending', spentKeys: 1, fault: null });
    expect((await retry()).status).toBe(409);
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
    expect(await check('No difference is open')).toMatchObject({ ok: false });
    const settle = () =>
      operator('POST', '/v1/operator/stripe/differences/settle', {
        body: { id: 'payment:1', note: 'Refunded by hand.' },
      });
    expect((await settle()).status).toBe(204);
    expect((await settle()).status).toBe(404);
    expect(await check('No difference is open')).toMatchObject({ ok: true });
    const list = await operator('GET', '/v1/operator/stripe/differences');
    expect(list.body.data[0].note).toContain('Refunded by hand.');
  });
});
