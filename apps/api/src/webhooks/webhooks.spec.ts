import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { ManualQueue } from '../../../../libs/webhooks/src/testing/manual-queue.js';
import { Receiver } from '../../../../libs/webhooks/src/testing/receiver.js';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let receiver: Receiver;
const queue = new ManualQueue(() => t.clock.now());
beforeAll(async () => {
  receiver = await Receiver.start();
  t = await startTestApi({ queue });
});
afterAll(async () => {
  await t?.stop();
  await receiver.stop();
});
afterEach(async () => {
  // What failed in one test would come again in the middle of another.
  await t.database.asSystem(async (tx) => {
    await tx.webhookEvent.deleteMany();
    await tx.webhookEndpoint.deleteMany();
  });
  queue.jobs = [];
  receiver.received.length = 0;
  receiver.answer = (response) => response.end();
});

const make = async (call: Caller, body: Record<string, unknown> = {}) => {
  const made = await call('POST', '/v1/webhooks', {
    body: { url: receiver.url, events: ['key.created', 'key.rotated', 'key.revoked'], ...body },
  });
  expect(made.status).toBe(201);
  return made.body as { id: string; secret: string };
};
const makeKey = ({ call, appId }: SignedUp) =>
  call('POST', `/v1/apps/${appId}/keys`, { body: { name: 'a key' } });
/** Waits until this many have arrived, making what is due meanwhile. */
const arrived = (count: number) =>
  t.eventually(async () => {
    await queue.pump();
    expect(receiver.received).toHaveLength(count);
  });
const types = () =>
  receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe('webhooks', () => {
  test('a key that is made, rotated and revoked is told, signed, without its secrets', async () => {
    const user = await t.signUp();
    const { secret } = await make(user.call, { ordered: true });
    const key = (await makeKey(user)).body;
    const path = `/v1/apps/${user.appId}/keys/${key.id}`;
    const rotated = (await user.call('POST', `${path}/rotate`, { body: { graceSeconds: 60 } }))
      .body;
    await user.call('DELETE', `/v1/apps/${user.appId}/keys/${rotated.id}`);
    await arrived(3);
    expect(types().sort()).toEqual(['key.created', 'key.revoked', 'key.rotated']);
    for (const { body, headers } of receiver.received) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        appId: user.appId,
        data: { by: user.userId },
      });
      for (const hidden of [key.key, key.signingSecret, rotated.key, rotated.signingSecret])
        expect(body).not.toContain(hidden);
    }
  });

  test('the secret is shown once, and the database holds it sealed', async () => {
    const { call } = await t.signUp();
    const { id, secret } = await make(call);
    expect(secret).toMatch(/^whsec_/);
    for (const path of ['/v1/webhooks', `/v1/webhooks/${id}`, '/v1/audit'])
      expect((await call('GET', path)).text).not.toContain(secret);
    const row = await t.database.asSystem((tx) =>
      tx.webhookEndpoint.findUniqueOrThrow({ where: { id } }),
    );
    expect(row.secret).toMatch(/^s1\./);
    expect(t.log()).not.toContain(secret);
  });

  test('after a rotation deliveries carry both signatures until the overlap ends', async () => {
    const user = await t.signUp();
    const { id, secret } = await make(user.call);
    const rotated = await user.call('POST', `/v1/webhooks/${id}/rotate`, {
      body: { overlapSeconds: 60 },
    });
    await makeKey(user);
    await arrived(1);
    const { body, headers } = receiver.received[0]!;
    for (const each of [secret, rotated.body.secret])
      expect(() => new Webhook(each).verify(body, headers as Record<string, string>)).not.toThrow();
    t.clock.advance(61_000);
    await makeKey(user);
    await arrived(2);
    expect(String(receiver.received[1]!.headers['webhook-signature']).split(' ')).toHaveLength(1);
  });

  test('a delivery’s log shows what was sent and what came back, without signatures', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    receiver.answer = (response) =>
      response.writeHead(500, { 'set-cookie': 'secret=1', 'x-some': 'thing' }).end('it broke');
    await makeKey(user);
    await arrived(1);
    const list = await t.eventually(async () => {
      const found = await user.call('GET', `/v1/webhooks/${id}/deliveries`);
      expect(found.body.data[0]).toMatchObject({ status: 'pending', lastStatus: 500, attempts: 1 });
      return found;
    });
    const detail = await user.call('GET', `/v1/webhooks/${id}/deliveries/${list.body.data[0].id}`);
    expect(detail.body.log).toMatchObject([
      {
        number: 1,
        status: 500,
        request: { url: receiver.url, headers: { 'webhook-signature': '[redacted]' } },
        response: { body: 'it broke', headers: { 'x-some': 'thing', 'set-cookie': '[redacted]' } },
      },
    ]);
    const shown = await user.call('GET', `/v1/webhooks/${id}`);
    expect(shown.body.health).toMatchObject({ consecutiveFailures: 1 });
  });

  test('a replay sends a time’s events again with the same ids, and costs nothing', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    const from = new Date(Date.now() - 1_000).toISOString();
    await makeKey(user);
    await makeKey(user);
    await arrived(2);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']).sort();
    const to = new Date(Date.now() + 1_000).toISOString();
    await t.eventually(async () => {
      const done = await user.call('GET', `/v1/webhooks/${id}/deliveries?status=delivered`);
      expect(done.body.data).toHaveLength(2);
    });
    receiver.received.length = 0;
    const replay = await user.call('POST', `/v1/webhooks/${id}/replay`, { body: { from, to } });
    expect([replay.status, replay.body]).toEqual([202, { replayed: 2 }]);
    await arrived(2);
    expect(receiver.received.map(({ headers }) => headers['webhook-id']).sort()).toEqual(ids);
    const usage = await t.database.asSystem((tx) =>
      tx.usageHour.findMany({ where: { tenantId: user.tenantId, meter: 'webhook_deliveries' } }),
    );
    expect(usage.map(({ units }) => units)).toEqual([2n]);
  });

  test('what happened while an endpoint was switched off can be replayed', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    await user.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: false } });
    await makeKey(user);
    await t.eventually(async () => {
      const open = await t.database.asSystem((tx) =>
        tx.webhookEvent.count({ where: { tenantId: user.tenantId, fannedOutAt: null } }),
      );
      expect(open).toBe(0);
    });
    await user.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: true } });
    const body = {
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 1_000).toISOString(),
    };
    const replay = await user.call('POST', `/v1/webhooks/${id}/replay`, { body });
    expect(replay.body).toEqual({ replayed: 1 });
    await arrived(1);
  });

  test('a dead letter is listed and replayed by its id', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    receiver.answer = (response) => response.writeHead(410).end();
    await makeKey(user);
    await arrived(1);
    await t.eventually(async () => {
      const shown = await user.call('GET', `/v1/webhooks/${id}`);
      expect(shown.body).toMatchObject({ enabled: false, health: { disabledReason: 'gone' } });
    });
    const [entry] = (await user.call('GET', '/v1/audit?action=webhook.disabled')).body.data;
    expect(entry).toMatchObject({ actor: 'system', target: id, after: { reason: 'gone' } });
    await t.database.asSystem((tx) =>
      tx.webhookDelivery.updateMany({ where: { endpointId: id }, data: { status: 'dead' } }),
    );
    receiver.answer = (response) => response.end();
    const dead = await user.call('GET', `/v1/webhooks/${id}/deliveries?status=dead`);
    await user.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: true } });
    const replay = await user.call('POST', `/v1/webhooks/${id}/replay`, {
      body: { deliveryIds: [dead.body.data[0].id] },
    });
    expect(replay.body).toEqual({ replayed: 1 });
    await arrived(2);
  });

  test('a trial event goes to this endpoint alone, and is not counted', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    await make(user.call);
    expect((await user.call('POST', `/v1/webhooks/${id}/test`)).status).toBe(202);
    await arrived(1);
    expect(types()).toEqual(['webhook.test']);
    await t.eventually(async () => {
      const done = await user.call('GET', `/v1/webhooks/${id}/deliveries`);
      expect(done.body.data[0].status).toBe('delivered');
    });
    const usage = await t.database.asSystem((tx) =>
      tx.usageHour.count({ where: { tenantId: user.tenantId } }),
    );
    expect(usage).toBe(0);
  });

  test('an endpoint that was removed is told nothing more', async () => {
    const user = await t.signUp();
    const { id } = await make(user.call);
    expect((await user.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    expect((await user.call('GET', `/v1/webhooks/${id}`)).status).toBe(404);
    await makeKey(user);
    const other = await t.signUp();
    await make(other.call);
    await makeKey(other);
    await arrived(1);
    expect(receiver.received[0]!.body).toContain(other.userId);
  });

  test('no tenant’s endpoint hears of another’s events', async () => {
    const [one, two] = [await t.signUp(), await t.signUp()];
    await make(one.call);
    await make(two.call);
    await makeKey(one);
    await arrived(1);
    expect(receiver.received[0]!.body).toContain(one.userId);
  });

  test('a tenant has 50 endpoints at most, and an app of another’s is not there', async () => {
    const [one, two] = [await t.signUp(), await t.signUp()];
    const foreign = await one.call('POST', '/v1/webhooks', {
      body: { url: receiver.url, events: ['key.created'], appId: two.appId },
    });
    expect(foreign.status).toBe(404);
    for (let i = 0; i < 50; i++) await make(one.call);
    const refused = await one.call('POST', '/v1/webhooks', {
      body: { url: receiver.url, events: ['key.created'] },
    });
    expect(refused.body).toMatchObject({ code: 'quota_exceeded', limit: { max: 50, used: 50 } });
  });
});
