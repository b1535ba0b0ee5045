import { beforeEach, describe, expect, test } from '@jest/globals';
import { ACTIVITY_STEP_MS, LATENCY_BOUNDS_MS } from '#contracts';
import { ManualClock } from '../../../../libs/mediator/src/testing/manual-clock.js';
import { ActivityBook } from './activity-book.js';

let clock: ManualClock;
let held: Map<string, number>;
let node: string;
let book: ActivityBook;
const make = (rows?: number) =>
  new ActivityBook({
    clock,
    node: () => node,
    holds: () => held,
    ...(rows === undefined ? {} : { rows }),
  });
beforeEach(() => {
  clock = new ManualClock();
  held = new Map();
  node = 'node-1';
  book = make();
});

const START = Date.UTC(2026, 0, 1);
const all = () => book.slice({ node: 'node-1', from: 0 });

describe('what apps did lately', () => {
  test('is counted in buckets of ten seconds, each told when it is over and the same ever after', () => {
    book.published('a', 2);
    book.published('a', 3);
    book.refused('a', 'rate_limited');
    held.set('b', 7);
    expect(all()).toEqual({ node, buckets: [], through: START, more: false });
    clock.advance(ACTIVITY_STEP_MS);
    book.published('a', 100);
    held.delete('b');
    const none = { published: 0, delivered: 0, holds: 0, latency: [], errors: {} };
    expect(all()).toEqual({
      node,
      buckets: [
        {
          at: START,
          apps: [
            { ...none, app: 'a', published: 5, errors: { rate_limited: 1 } },
            { ...none, app: 'b', holds: 7 },
          ],
        },
      ],
      through: START + ACTIVITY_STEP_MS,
      more: false,
    });
  });

  test('a delivery counts its messages, and how long each receiver’s took where they held', () => {
    book.delivered('a', 'room', 6, 3, clock.now() - 5);
    book.delivered('a', 'room', 1, 1, clock.now() - 10 ** 6);
    book.delivered('a', 'room', 4, 4, 0);
    book.delivered('a', '\u0001presence\u0001room', 9, 9, 0);
    const { buckets } = book.recent(['a']);
    expect(buckets).toHaveLength(1);
    const [{ delivered, latency }] = buckets as [(typeof buckets)[number]];
    expect(delivered).toBe(11);
    const told = latency.flatMap((n, i) => (n > 0 ? [[LATENCY_BOUNDS_MS[i] ?? null, n]] : []));
    expect(told).toEqual([
      [6, 3],
      [null, 1],
    ]);
  });

  test('what is asked for people has the running bucket, and only the apps that were asked for, together', () => {
    book.published('a', 1);
    clock.advance(ACTIVITY_STEP_MS);
    book.published('a', 2);
    book.published('b', 4);
    book.published('c', 8);
    held.set('b', 5);
    const { from, asOf, buckets } = book.recent(['a', 'b', 'nobody']);
    expect([from, asOf]).toEqual([START, clock.now()]);
    expect(buckets.map(({ at, published, holds }) => [at - START, published, holds])).toEqual([
      [0, 1, 0],
      [ACTIVITY_STEP_MS, 6, 5],
    ]);
  });

  test('goes on from where it was stored; to who knows another node it tells all it has', () => {
    for (let n = 1; n <= 3; n++) {
      book.published('a', n);
      clock.advance(ACTIVITY_STEP_MS);
    }
    const published = (asked: { node: string; from: number }) =>
      book.slice(asked).buckets.map(({ apps }) => apps[0]?.published);
    expect(published({ node: 'node-1', from: START + ACTIVITY_STEP_MS })).toEqual([2, 3]);
    expect(published({ node: 'node-0', from: clock.now() })).toEqual([1, 2, 3]);
    expect(published({ node: 'node-1', from: all().through })).toEqual([]);
  });

  test('is kept for an hour, and for less where it would be too much', () => {
    for (let n = 0; n < 400; n++) {
      book.published('a', 1);
      clock.advance(ACTIVITY_STEP_MS);
    }
    expect(book.recent([]).from).toBe(clock.now() - 360 * ACTIVITY_STEP_MS);
    book = make(10);
    for (let n = 0; n < 5; n++) {
      for (let app = 0; app < 4; app++) book.published(`app-${app}`, 1);
      clock.advance(ACTIVITY_STEP_MS);
    }
    expect(all().buckets.map(({ apps }) => apps.length)).toEqual([4, 4]);
  });

  test('a long way is told in slices that miss nothing', () => {
    for (let n = 0; n < 4; n++) {
      for (let app = 0; app < 2_000; app++) book.published(`app-${app}`, 1);
      clock.advance(ACTIVITY_STEP_MS);
    }
    const seen: number[] = [];
    for (let from = 0, more = true; more;) {
      const slice = book.slice({ node: 'node-1', from });
      seen.push(...slice.buckets.map(({ at }) => at));
      from = slice.through;
      more = slice.more;
    }
    expect(seen).toEqual([0, 1, 2, 3].map((n) => START + n * ACTIVITY_STEP_MS));
  });
});
