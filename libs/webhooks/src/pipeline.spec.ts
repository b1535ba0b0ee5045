import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { noteEvents } from './event-notes.js';
import { emitEvent } from './outbox.js';
import { RETRY_SECONDS } from './retry-schedule.js';
import { newSigningSecret } from './signature.js';
import { WebhookWorld } from './testing/world.js';

let w: WebhookWorld;
beforeAll(async () => {
  w = await WebhookWorld.start();
});
afterAll(() => w?.stop());
afterEach(async () => {
  w.ahead = 0;
  await w.database.asSystem(async (tx) => {
    await tx.webhookEvent.deleteMany();
    await tx.webhookEndpoint.deleteMany();
  });
  w.receiver.answer = (response) => response.end();
  w.receiver.received.length = 0;
  w.around = (send) => send();
  w.queue.jobs = [];
});

const emit = (tenantId: string, data: Record<string, unknown> = {}, key?: string) =>
  w.database.withTenant(tenantId, (tx) =>
    emitEvent(tx, {
      tenantId,
      appId: null,
      type: 'key.created',
      data,
      ...(key === undefined ? {} : { key }),
      orderKey: 'one',
    }),
  );
const ids = () => w.receiver.received.map(({ headers }) => headers['webhook-id']);
const numbers = () =>
  w.receiver.received.map(({ body }) => (JSON.parse(body) as { data: { n: number } }).data.n);

describe('an event on its way to an endpoint', () => {
  test('arrives once, signed, with its type, time and data', async () => {
    const tenantId = await w.tenant();
    const { secret } = await w.endpoint(tenantId);
    await emit(tenantId, { key: { id: 'k1' } });
    await w.settle();
    expect(w.receiver.received).toHaveLength(1);
    const [{ headers, body }] = w.receiver.received as [(typeof w.receiver.received)[0]];
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
      type: 'key.created',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      appId: null,
      data: { key: { id: 'k1' } },
    });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('what is rolled back is never sent', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    await expect(
      w.database.withTenant(tenantId, async (tx) => {
        await emitEvent(tx, { tenantId, appId: null, type: 'key.created', data: {} });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await w.settle();
    expect(w.receiver.received).toEqual([]);
  });

  test('one key is one event, however often and by however many it is emitted', async () => {
    const tenantId = await w.tenant();
    const { id } = await w.endpoint(tenantId);
    await Promise.all(Array.from({ length: 5 }, () => emit(tenantId, {}, 'same')));
    await w.settle();
    await emit(tenantId, {}, 'same');
    await w.settle();
    expect(await w.deliveries(id)).toHaveLength(1);
    expect(w.receiver.received).toHaveLength(1);
  });

  test('an endpoint hears of its own tenant, types, app and channels, and of nothing before it was made', async () => {
    const [mine, other] = [await w.tenant(), await w.tenant()];
    const note = (tenantId: string, appId: string | null, channel: string, at = new Date()) =>
      w.database.asSystem((tx) =>
        noteEvents(tx, [
          { tenantId, appId, channel, at, type: 'message.published', data: `{"n":"${channel}"}` },
        ]),
      );
    const messages = { events: ['message.published'] };
    await w.endpoint(other, messages);
    const rooms = await w.endpoint(mine, { ...messages, channels: ['room:*', 'lobby'] });
    const appOnly = await w.endpoint(mine, { ...messages, appId: `app_${mine}` });
    const keys = await w.endpoint(mine);
    await note(mine, null, 'room:1');
    await note(mine, null, 'rooms');
    await note(mine, `app_${mine}`, 'lobby');
    await note(mine, null, 'room:old', new Date(Date.now() - 60_000));
    await w.settle();
    const channelsOf = async (id: string) => {
      const rows = await w.database.asSystem((tx) =>
        tx.webhookDelivery.findMany({
          where: { endpointId: id },
          include: { event: true },
          orderBy: { seq: 'asc' },
        }),
      );
      return rows.map(({ event }) => event.channel);
    };
    expect(await channelsOf(rooms.id)).toEqual(['room:1', 'lobby']);
    expect(await channelsOf(appOnly.id)).toEqual(['lobby']);
    expect(await channelsOf(keys.id)).toEqual([]);
  });

  test('a failed attempt is made again by the schedule, always with the same id and body, and then it is a dead letter', async () => {
    const tenantId = await w.tenant();
    const { id } = await w.endpoint(tenantId);
    w.receiver.answer = (response) => response.writeHead(500).end('broken');
    await emit(tenantId, { n: 1 });
    await w.settle();
    for (const [i, seconds] of RETRY_SECONDS.entries()) {
      expect(w.receiver.received).toHaveLength(i + 1);
      w.ahead += seconds * 1000 - 500;
      await w.settle();
      expect(w.receiver.received).toHaveLength(i + 1);
      w.ahead += 1_000;
      await w.settle();
    }
    expect(w.receiver.received).toHaveLength(RETRY_SECONDS.length + 1);
    expect(new Set(ids()).size).toBe(1);
    expect(new Set(w.receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(await w.deliveries(id)).toMatchObject([
      { status: 'dead', attempts: 13, lastStatus: 500, lastError: 'answered 500' },
    ]);
    expect(await w.counted(tenantId)).toBe(0);
    w.ahead += 10 * 86_400_000;
    await w.settle();
    expect(w.receiver.received).toHaveLength(13);
  });

  test('a success counts one delivery, however many attempts it took', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    let calls = 0;
    w.receiver.answer = (response) => response.writeHead(++calls < 3 ? 503 : 200).end();
    await emit(tenantId);
    await w.settle();
    w.ahead += 60_000;
    await w.settle();
    w.ahead += 60_000;
    await w.settle();
    expect(calls).toBe(3);
    expect(await w.counted(tenantId)).toBe(1);
  });

  test('with order, one is in flight: what fails holds up what comes after it, of its order key alone', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId, { ordered: true });
    let broken = true;
    w.receiver.answer = (response) => response.writeHead(broken ? 500 : 200).end();
    for (const n of [1, 2, 3]) await emit(tenantId, { n });
    await w.database.withTenant(tenantId, (tx) =>
      emitEvent(tx, {
        tenantId,
        appId: null,
        type: 'key.created',
        data: { n: 9 },
        orderKey: 'other',
      }),
    );
    await w.settle();
    expect(numbers().sort()).toEqual([1, 9]);
    broken = false;
    w.receiver.received.length = 0;
    w.ahead += 10_000;
    await w.settle();
    expect(numbers().filter((n) => n < 9)).toEqual([1, 2, 3]);
  });

  test('without order, one that fails holds up nothing', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    w.receiver.answer = (response, { body }) =>
      response.writeHead(body.includes('"n":1}') ? 500 : 200).end();
    for (const n of [1, 2, 3]) await emit(tenantId, { n });
    await w.settle();
    expect(numbers().sort()).toEqual([1, 2, 3]);
  });

  test('while a secret is replaced either one checks, and afterwards the new one alone', async () => {
    const tenantId = await w.tenant();
    const [now, before] = [newSigningSecret(), newSigningSecret()];
    await w.endpoint(tenantId, {
      secret: now,
      previousSecret: before,
      previousSecretUntil: new Date(w.now() + 60_000),
    });
    const check = (secret: string) => {
      const { body, headers } = w.receiver.received.at(-1)!;
      return new Webhook(secret).verify(body, headers as Record<string, string>);
    };
    await emit(tenantId);
    await w.settle();
    expect(() => check(now)).not.toThrow();
    expect(() => check(before)).not.toThrow();
    w.ahead += 61_000;
    await emit(tenantId);
    await w.settle();
    expect(w.receiver.received).toHaveLength(2);
    expect(w.receiver.received[1]!.headers['webhook-signature']).not.toContain(' ');
    expect(() => check(now)).not.toThrow();
    expect(() => check(before)).toThrow();
  });

  test('an endpoint that fails for five days is switched off, said once; a success before starts it anew', async () => {
    const tenantId = await w.tenant();
    const { id } = await w.endpoint(tenantId);
    const health = () =>
      w.database.asSystem((tx) => tx.webhookEndpoint.findUniqueOrThrow({ where: { id } }));
    w.receiver.answer = (response) => response.writeHead(500).end();
    await emit(tenantId);
    await w.settle();
    expect(await health()).toMatchObject({ enabled: true, consecutiveFailures: 1 });
    w.receiver.answer = (response) => response.end();
    w.ahead += 4 * 86_400_000;
    await w.settle();
    expect(await health()).toMatchObject({ consecutiveFailures: 0, failingSince: null });
    w.receiver.answer = (response) => response.writeHead(500).end();
    await emit(tenantId);
    await w.settle();
    w.ahead += 5 * 86_400_000;
    await w.settle();
    expect(await health()).toMatchObject({ enabled: false, disabledReason: 'failing' });
    expect(w.disabled).toMatchObject([{ tenantId, id, reason: 'failing', failures: 2 }]);
    const before = w.receiver.received.length;
    w.ahead += 5 * 86_400_000;
    await w.settle();
    expect(w.receiver.received).toHaveLength(before);
  });
});

describe('a process that dies between two steps', () => {
  const CRASH = new Error('crash');
  const crashes: Record<string, () => void> = {
    'before the queue has the attempt': () => {
      const hand = w.queue.hand.bind(w.queue);
      w.queue.hand = () => {
        w.queue.hand = hand;
        return Promise.reject(CRASH);
      };
    },
    'after the queue has it, before that is noted': () => {
      const hand = w.queue.hand.bind(w.queue);
      w.queue.hand = async (jobs) => {
        await hand(jobs);
        w.queue.hand = hand;
        throw CRASH;
      };
    },
    'after the claim, before it is sent': () => {
      w.around = () => {
        w.around = (send) => send();
        return Promise.reject(CRASH);
      };
    },
    'after it was sent, before that is recorded': () => {
      w.around = async (send) => {
        w.around = (again) => again();
        await send();
        throw CRASH;
      };
    },
  };

  test.each(Object.keys(crashes))(
    '%s: each event arrives, with one id, and counts once',
    async (when) => {
      const tenantId = await w.tenant();
      const { id } = await w.endpoint(tenantId);
      await emit(tenantId, { n: 1 });
      await emit(tenantId, { n: 2 });
      crashes[when]!();
      await expect(w.settle()).rejects.toBe(CRASH);
      // Another process, after the dead one's claim has run out.
      w.worker = w.newWorker();
      w.ahead += 61_000;
      await w.settle();
      const events = await w.database.asSystem((tx) =>
        tx.webhookEvent.findMany({ where: { tenantId } }),
      );
      expect(new Set(ids())).toEqual(new Set(events.map((event) => event.id)));
      expect(await w.deliveries(id)).toMatchObject([
        { status: 'delivered', attempts: 1 },
        { status: 'delivered', attempts: 1 },
      ]);
      expect(await w.counted(tenantId)).toBe(2);
    },
  );

  test('after the record, before the queue knows: the attempt comes again and does nothing', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    await emit(tenantId);
    await w.worker.step();
    const [job] = w.queue.jobs;
    await w.queue.pump();
    await w.attempts().make(job!);
    expect(w.receiver.received).toHaveLength(1);
    expect(await w.counted(tenantId)).toBe(1);
  });

  test('two that have the same attempt at once: it is sent by one', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    await emit(tenantId);
    await w.worker.step();
    const [job] = w.queue.jobs;
    await Promise.all([1, 2, 3].map(() => w.attempts().make(job!)));
    expect(w.receiver.received).toHaveLength(1);
    expect(await w.counted(tenantId)).toBe(1);
  });

  test('an attempt that the queue lost altogether is handed over again', async () => {
    const tenantId = await w.tenant();
    await w.endpoint(tenantId);
    await emit(tenantId);
    await w.worker.step();
    w.queue.jobs = [];
    w.ahead += 16 * 60_000;
    await w.worker.step();
    await w.settle();
    expect(w.receiver.received).toHaveLength(1);
  });
});
