import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '../../../../../test/fakes/stripe/faults.js';
import { HOUR, START, startWorld, type World } from './testing/world.js';
import { theirHour } from './hour-summary.js';

const EVENTS = 'POST /v1/billing/meter_events';
let w: World;
let hour = 0;
beforeAll(async () => {
  w = await startWorld();
  await w.subscribe('ten_a');
});
afterAll(() => w?.stop());

/** An hour of its own for each test, over and sealed. */
beforeEach(async () => {
  w.fake.faults.clear();
  hour = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR) + 1;
  await w.use('ten_a', 'messages_published', hour, 100n);
  w.fake.advance(3 * HOUR);
  await w.adapter.seal();
});

const at = () => new Date(START.getTime() + hour * HOUR);
const rows = () =>
  w.database.asSystem((tx) =>
    tx.stripeHour.findMany({ where: { hour: at() }, orderBy: { version: 'asc' } }),
  );
async function atStripe(): Promise<number> {
  const [customer] = [...w.fake.account.customers.keys()];
  const [meter] = [...w.fake.account.meters.values()].filter(({ event_name }) =>
    event_name.endsWith('messages_published'),
  );
  return theirHour(w.adapter.parts.stripe, meter?.id ?? '', customer ?? '', at());
}
/** Attempts until nothing is left to send, as the hours pass. */
async function sendAll(): Promise<void> {
  for (let n = 0; n < 40; n++) {
    await w.adapter.send();
    const left = await w.database.asSystem((tx) =>
      tx.stripeHour.count({ where: { state: 'pending' } }),
    );
    if (left === 0) return;
    w.fake.advance(HOUR);
  }
  throw new Error('the outbox never became empty');
}

describe('B5: whatever goes wrong on the way, Stripe ends with the absolute value of the hour', () => {
  const faults: [string, Fault[]][] = [
    ['nothing', []],
    ['a conflict, three times', [{ on: EVENTS, kind: 'conflict', times: 3 }]],
    ['too many requests, five times', [{ on: EVENTS, kind: 'rate', times: 5 }]],
    ['a 500 that Stripe keeps under the key', [{ on: EVENTS, kind: 'error' }]],
    ['a 500 for each of three keys', [{ on: EVENTS, kind: 'error', times: 3 }]],
    // stripe-node tries a cut connection once more by itself.
    ['an answer lost after success, and again', [{ on: EVENTS, kind: 'lost', times: 4 }]],
    ['a connection cut before anything was done', [{ on: EVENTS, kind: 'cut', times: 4 }]],
    ['no answer at all', [{ on: EVENTS, kind: 'silent' }]],
    [
      'lost, then limited, then a conflict',
      [
        { on: EVENTS, kind: 'lost', times: 2 },
        { on: EVENTS, kind: 'rate' },
        { on: EVENTS, kind: 'conflict' },
      ],
    ],
  ];
  test.each(faults)('%s', async (_name, list) => {
    w.fake.faults.add(...list);
    await sendAll();
    expect(await atStripe()).toBe(100);
    expect((await rows()).map(({ state, units }) => [state, units])).toEqual([['sent', 100n]]);
  });

  test('an answer lost more than a day before it is tried again: it is looked for, not doubled', async () => {
    w.fake.faults.add({ on: EVENTS, kind: 'lost', times: 2 });
    await w.adapter.send();
    w.fake.advance(30 * HOUR);
    const before = w.fake.account.taken.length;
    await sendAll();
    expect(w.fake.account.taken.length).toBe(before);
    expect(await atStripe()).toBe(100);
  });

  test('tried first a day ago and never taken: it is sent under a new key', async () => {
    w.fake.faults.add({ on: EVENTS, kind: 'error' });
    await w.adapter.send();
    w.fake.advance(30 * HOUR);
    await sendAll();
    expect(await atStripe()).toBe(100);
  });
});

describe('corrections', () => {
  test('units that come late make a new version, and the hour has the new total', async () => {
    await sendAll();
    await w.use('ten_a', 'messages_published', hour, 11n, 'late');
    await w.adapter.seal();
    await sendAll();
    expect(await atStripe()).toBe(111);
    expect((await rows()).map(({ version, units, state }) => [version, units, state])).toEqual([
      [1, 100n, 'sent'],
      [2, 111n, 'sent'],
    ]);
  });

  test('an older version that is still under way is never sent after the newer one', async () => {
    w.fake.faults.add({ on: EVENTS, kind: 'rate' });
    await w.adapter.send();
    await w.use('ten_a', 'messages_published', hour, 11n, 'late');
    await w.adapter.seal();
    await sendAll();
    expect((await rows()).map(({ state }) => state)).toEqual(['superseded', 'sent']);
    expect(await atStripe()).toBe(111);
  });

  test('sealing again changes nothing, and an hour is sealed a quarter of an hour after its end', async () => {
    expect(await w.adapter.seal()).toBe(0);
    const next = Math.floor((w.fake.clock.now() - START.getTime()) / HOUR);
    await w.use('ten_a', 'messages_delivered', next, 1n);
    w.fake.clock.set(START.getTime() + (next + 1) * HOUR + 15 * 60_000 - 1);
    expect(await w.adapter.seal()).toBe(0);
    w.fake.clock.set(START.getTime() + (next + 1) * HOUR + 15 * 60_000);
    expect(await w.adapter.seal()).toBe(1);
    await sendAll();
  });

  test('two senders at once send each hour once', async () => {
    const before = w.fake.account.taken.length;
    const other = w.process();
    await Promise.all([w.adapter.send(), other.send(), w.adapter.send()]);
    await sendAll();
    expect(w.fake.account.taken.length).toBe(before + 1);
  });

  test('an hour older than 35 days is not sent: an alarm says so', async () => {
    w.fake.faults.add({ on: EVENTS, kind: 'rate' });
    await w.adapter.send();
    w.fake.clock.set(w.fake.clock.now() + 36 * 24 * HOUR);
    await sendAll();
    expect((await rows())[0]).toMatchObject({ state: 'expired' });
    expect(w.alarms.at(-1)).toMatch(/35 days/);
  });
});

describe('an hour that Stripe refused', () => {
  const openKeys = async () => {
    const rows = await w.database.asSystem((tx) =>
      tx.stripeDifference.findMany({ where: { settledAt: null } }),
    );
    return rows.map(({ key }) => key).filter((key) => key.includes(at().toISOString()));
  };
  beforeEach(async () => {
    w.fake.faults.add({ on: EVENTS, kind: 'refused' });
    await sendAll();
    expect((await rows()).map(({ state }) => state)).toEqual(['refused']);
    expect(await openKeys()).toHaveLength(1);
  });

  test('is no difference any more once it was sent again', async () => {
    await w.database.asSystem((tx) =>
      tx.stripeHour.updateMany({
        where: { hour: at() },
        data: { state: 'pending', nextAt: at(), spentKeys: { increment: 1 } },
      }),
    );
    await sendAll();
    expect(await atStripe()).toBe(100);
    expect(await openKeys()).toEqual([]);
  });

  test('nor once a newer total of it was taken', async () => {
    await w.use('ten_a', 'messages_published', hour, 11n, 'late');
    await w.adapter.seal();
    await sendAll();
    expect(await atStripe()).toBe(111);
    expect(await openKeys()).toEqual([]);
  });
});

test('what an operator took for settled is raised again with other numbers alone', async () => {
  const { differences } = w.adapter;
  const fact = { ...({ key: 'k', kind: 'hour', tenantId: null, note: 'n' } as const), theirs: '1' };
  expect(await differences.raise({ ...fact, ours: '2' })).toBe(true);
  await w.database.asSystem((tx) =>
    tx.stripeDifference.update({
      where: { key: 'k' },
      data: { settledAt: START, settledBy: 'opr_a', settledNote: 'known' },
    }),
  );
  expect(await differences.raise({ ...fact, ours: '2' })).toBe(false);
  expect(await differences.raise({ ...fact, ours: '3' })).toBe(true);
  await w.database.asSystem((tx) => differences.settle(tx, ['k']));
  expect(await differences.raise({ ...fact, ours: '3' })).toBe(true);
  await w.database.asSystem((tx) => differences.settle(tx, ['k']));
});

describe('reconciliation by the hour', () => {
  test('says nothing while both agree; a difference raises one alarm, and is settled when it is gone', async () => {
    await sendAll();
    w.fake.advance(2 * HOUR);
    const stripe = w.adapter.parts.stripe;
    const tell = (value: string) =>
      stripe.billing.meterEvents.create({
        event_name: 'holdline_messages_published',
        timestamp: at().getTime() / 1000 + 9,
        payload: { stripe_customer_id: [...w.fake.account.customers.keys()][0] ?? '', value },
      });
    await tell('99');
    const alarms = w.alarms.length;
    expect(await w.adapter.reconciliation.run()).toMatchObject({ different: 1 });
    expect(await w.adapter.reconciliation.run()).toMatchObject({ different: 1 });
    expect(w.alarms.length).toBe(alarms + 1);
    expect(w.alarms.at(-1)).toMatch(/ours 100, theirs 99/);
    await tell('100');
    expect(await w.adapter.reconciliation.run()).toEqual({ compared: 1, different: 0 });
    expect(await w.adapter.reconciliation.run()).toEqual({ compared: 0, different: 0 });
  });

  test('usage that Stripe dropped afterwards is told by a thin event, and raises an alarm', async () => {
    const event = w.fake.account.emitThin('v1.billing.meter.no_meter_found', {
      developer_message_summary: 'There is 1 invalid event.',
      reason: {
        error_count: 1,
        error_types: [
          {
            code: 'no_meter',
            error_count: 1,
            sample_errors: [{ error_message: 'none', request: { identifier: 't:ten_a:m:x' } }],
          },
        ],
      },
    });
    await w.adapter.handlers.handle(event.type, event.id);
    expect(w.alarms.at(-1)).toMatch(/no_meter: 1.*t:ten_a:m:x/);
  });
});
