import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import fc from 'fast-check';
import {
  HOUR,
  startWorld,
  type World,
} from '../../../../libs/billing/src/payments/stripe/testing/world.js';
import { EventInbox } from './event-inbox.js';
import { EventSweep } from './event-sweep.js';
import { EventWorker } from './event-worker.js';

const silentLog = { warn: () => undefined, error: () => undefined };
let w: World;
let inbox: EventInbox;
let worker: EventWorker;
let sweep: EventSweep;
beforeAll(async () => {
  w = await startWorld();
  const now = () => w.fake.clock.now();
  const { database } = w;
  const { stripe } = w.adapter.parts;
  inbox = new EventInbox(database, now);
  worker = new EventWorker({ database, handlers: w.adapter.handlers, now, log: silentLog });
  sweep = new EventSweep({ stripe, database, inbox, now, log: silentLog });
}, 120_000);
afterAll(() => w?.stop());

async function workOff(): Promise<void> {
  while ((await worker.run()) > 0);
}

/** What happens to a subscription at Stripe, one thing after another. */
type Life = readonly ((id: string) => Promise<unknown>)[];
const life = (): Life => {
  const { subscriptions } = w.adapter.parts.stripe;
  return [
    () => Promise.resolve(w.fake.advance(15 * 24 * HOUR)),
    (id) => subscriptions.pause(id, {}),
    (id) => subscriptions.resume(id, {}),
    (id) => subscriptions.update(id, { cancel_at_period_end: true }),
    (id) => subscriptions.update(id, { cancel_at_period_end: false, metadata: { note: 'stays' } }),
    (id) => subscriptions.cancel(id),
  ];
};

let tenants = 0;
/**
 * Lives a subscription through its first `steps` steps. After each, `arrive` says which of the events that
 * are on their way arrive, in which order and how often; the sweep finds the rest at the end.
 */
async function lived(
  steps: number,
  arrive: (waiting: Stripe.Event[]) => Stripe.Event[],
): Promise<object> {
  const tenantId = `ten_${++tenants}`;
  const begun = w.fake.clock.now();
  await w.subscribe(tenantId, 14);
  const { external } = await row(tenantId);
  const { subscriptionId, customerId } = external as Record<string, string>;
  let seen = w.fake.account.events.length;
  let waiting: Stripe.Event[] = [];
  const isOurs = (event: Stripe.Event) =>
    JSON.stringify(event.data.object).includes(customerId ?? '');
  for (const step of life().slice(0, steps)) {
    await step(subscriptionId ?? '');
    waiting = [...waiting, ...w.fake.account.events.slice(seen).filter(isOurs)];
    seen = w.fake.account.events.length;
    const arriving = arrive(waiting);
    waiting = waiting.filter((event) => !arriving.includes(event));
    for (const event of arriving) {
      await inbox.take([event], 'webhook');
      if (arriving.indexOf(event) % 2 === 0) await workOff();
    }
    await workOff();
  }
  await sweep.run();
  await workOff();
  const { planId, state, interval, currency, periodStart, periodEnd, trialEnd, cancelAt } =
    await row(tenantId);
  const since = (date: Date | null) => (date === null ? null : date.getTime() - begun);
  const left = w.fake.account.subscriptions.get(subscriptionId ?? '');
  expect(state).toBe(left?.status === 'canceled' ? 'cancelled' : left?.status);
  if (left?.status !== 'canceled') {
    await w.adapter.parts.stripe.subscriptions.cancel(subscriptionId ?? '');
  }
  w.fake.advance(HOUR);
  return {
    ...{ planId, state, interval, currency },
    ...{ trialEnd: since(trialEnd), periodStart: since(periodStart) },
    // Months are of different lengths.
    isPeriod: periodEnd > periodStart,
    cancelsAtEnd: cancelAt === null ? null : nextFullHour(cancelAt) === periodEnd.getTime(),
  };
}

function nextFullHour(at: Date): number {
  return Math.ceil(at.getTime() / HOUR) * HOUR;
}

function row(tenantId: string) {
  return w.database.asSystem((tx) => tx.subscription.findUniqueOrThrow({ where: { tenantId } }));
}

test('B3: all orders of a subscription’s events, with some doubled, late or lost, end in the same state', async () => {
  const inOrder = new Map<number, object>();
  let orders = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.infiniteStream(fc.nat()),
      async (steps, choices) => {
        const pick = () => choices.next().value as number;
        const expected = inOrder.get(steps) ?? (await lived(steps, (waiting) => waiting));
        inOrder.set(steps, expected);
        const state = await lived(steps, (waiting) => {
          const shuffled = waiting
            .map((event) => ({ event, key: pick() }))
            .sort((a, b) => a.key - b.key)
            .map(({ event }) => event)
            // Some are still on their way, or never come.
            .filter(() => pick() % 3 !== 0);
          return [...shuffled, ...shuffled.filter(() => pick() % 3 === 0)];
        });
        orders++;
        expect(state).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
  process.stdout.write(`${orders} orders of events over ${inOrder.size} lives: the same states\n`);
}, 600_000);

test('what every webhook missed while we were down is found in Stripe’s list, once', async () => {
  const before = await w.database.asSystem((tx) => tx.stripeEvent.count());
  await w.subscribe('ten_down');
  const missed = await sweep.run();
  expect(missed).toBeGreaterThan(0);
  expect(await sweep.run()).toBe(0);
  expect(await w.database.asSystem((tx) => tx.stripeEvent.count())).toBe(before + missed);
  await workOff();
  expect(
    await w.database.asSystem((tx) => tx.stripeEvent.count({ where: { state: 'pending' } })),
  ).toBe(0);
});

test('events of one object are worked on one at a time, and one fetch serves all that wait', async () => {
  const inHand = new Set<string>();
  let fetches = 0;
  let most = 0;
  const slow = new EventWorker({
    database: w.database,
    now: () => w.fake.clock.now(),
    log: silentLog,
    handlers: {
      handle: async (_type, objectId) => {
        fetches++;
        most = Math.max(most, inHand.has(objectId) ? 2 : 1);
        inHand.add(objectId);
        await w.adapter.parts.stripe.customers.list({ limit: 1 });
        inHand.delete(objectId);
      },
    },
  });
  const event = (n: number) => ({
    id: `evt_same_${n}`,
    type: 'customer.updated',
    created: Math.floor(w.fake.clock.now() / 1000),
    data: { object: { id: 'cus_same' } },
  });
  await inbox.take(
    Array.from({ length: 20 }, (_, n) => event(n)),
    'webhook',
  );
  const running = [slow.run(), slow.run()];
  await inbox.take([event(99)], 'webhook');
  running.push(slow.run(), slow.run());
  await Promise.all(running);
  await slow.run();
  expect(most).toBe(1);
  expect(fetches).toBeLessThanOrEqual(2);
});

test('what cannot be taken in is tried again, later each time, and its fault is kept', async () => {
  const [before] = [w.fake.requests.length];
  await inbox.take(
    [
      {
        id: 'evt_gone',
        type: 'customer.subscription.updated',
        created: Math.floor(w.fake.clock.now() / 1000),
        data: { object: { id: 'sub_gone' } },
      },
    ],
    'webhook',
  );
  await worker.run();
  await worker.run();
  expect(w.fake.requests.slice(before)).toHaveLength(1);
  w.fake.advance(5_000);
  await worker.run();
  expect(w.fake.requests.slice(before)).toHaveLength(2);
  const kept = await w.database.asSystem((tx) =>
    tx.stripeEvent.findUniqueOrThrow({ where: { id: 'evt_gone' } }),
  );
  expect(kept).toMatchObject({ state: 'pending', attempts: 2 });
  expect(kept.fault).toMatch(/No such subscription/);
});
