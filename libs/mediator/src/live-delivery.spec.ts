import { describe, expect, test } from '@jest/globals';
import { APP, Bench, DAY, ownerOf } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';

interface Told {
  readonly messages: number;
  readonly receivers: number;
  /** Milliseconds since the log took it; null: not followed. */
  readonly waited: number | null;
}

function counted() {
  const told: Told[] = [];
  const bench: Bench = new Bench({
    hooks: {
      delivered: (_app, _channel, messages, receivers, acceptedAt) =>
        told.push({
          messages,
          receivers,
          waited: acceptedAt === 0 ? null : bench.clock.now() - acceptedAt,
        }),
    },
  });
  return { bench, told };
}

describe('what the counters are told of a delivery', () => {
  test('for those who held: once for all of them, and when the log took the message', async () => {
    const { bench, told } = counted();
    for (let n = 0; n < 3; n++) await bench.poll();
    await bench.publish('room', 'a', 'b');
    await quiet();
    expect(told).toEqual([{ messages: 6, receivers: 3, waited: 0 }]);
  });

  test('a message that was there before its receiver is not said to have been waited for', async () => {
    const { bench, told } = counted();
    const first = await bench.poll();
    await bench.publish('room', 'a');
    await quiet();
    await bench.publish('room', 'b');
    bench.clock.advance(500);
    const between = await bench.poll({ cursor: first.answers[0]!.cursor });
    expect(between.data).toEqual(['b']);
    bench.clock.advance(60_000);
    await bench.poll({ from: { kind: 'start' } });
    await quiet();
    expect(told.map(({ waited }) => waited)).toEqual([0, null, null]);
  });

  test('of a group’s member it says so where the member waited first, and not for what comes again', async () => {
    const { bench, told } = counted();
    const ref = { app: APP, channel: 'jobs', group: 'workers' };
    await bench.mediator.groups.put(ref, { from: null, visibility: 1, maxAttempts: null });
    const request = { ref, owner: ownerOf(APP), waitMs: 10_000, limit: 1, visibility: null };
    const receive = () =>
      bench.mediator.groups.receive(request, { answer: () => {}, refuse: () => {} });
    receive();
    await quiet();
    await bench.publish('jobs', 1);
    await quiet();
    receive();
    await quiet();
    bench.clock.advance(3_000);
    await quiet();
    expect(told.map(({ waited }) => waited)).toEqual([0, null]);
  });

  test('what is stored is told with its app, and with the key that is charged', async () => {
    const stored: unknown[] = [];
    const bench = new Bench({ hooks: { published: (...args) => stored.push(args) } });
    const order = { app: APP, channel: 'room', clientId: null, retention: DAY };
    await bench.mediator.publish({ ...order, messages: [{ data: 1 }], label: 'key-1' });
    await bench.mediator.publish({ ...order, messages: [{ data: 1 }, { data: 2 }] });
    expect(stored).toEqual([
      [1, APP, 'key-1'],
      [2, APP, undefined],
    ]);
  });
});
