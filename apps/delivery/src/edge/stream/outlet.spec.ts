import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LOW_MARK_BYTES, Outlet, STUCK_MS } from './outlet.js';

/** A client that takes chunks when it is told to. */
function setUp() {
  const taken: (() => void)[] = [];
  const got: { chunk: Buffer; isLast: boolean }[] = [];
  let now = 0;
  let rooms = 0;
  const carrier = {
    write: (chunk: Buffer, isLast: boolean, done: () => void) => {
      got.push({ chunk, isLast });
      taken.push(done);
    },
    cut: () => {},
  };
  const clock = { now: () => now, monotonic: () => now, every: () => () => {} };
  const outlet = new Outlet(carrier, clock, () => rooms++);
  return {
    outlet,
    got,
    take: () => taken.shift()?.(),
    pass: (ms: number) => (now += ms),
    rooms: () => rooms,
    inFlight: () => taken.length,
  };
}

describe('the outlet', () => {
  test('hands every frame on whole and in order, whatever the client takes when', () => {
    const frames = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(frames, fc.array(fc.boolean(), { maxLength: 60 }), (sizes, steps) => {
        const { outlet, got, take, inFlight } = setUp();
        const sent = sizes.map((size, n) => Buffer.alloc(size, n));
        const queue = [...sent];
        for (const isWrite of steps) {
          if (isWrite && queue.length > 0) outlet.write(queue.shift() as Buffer);
          else take();
        }
        for (const frame of queue) outlet.write(frame);
        let isFinished = false;
        outlet.finish(() => (isFinished = true));
        while (inFlight() > 0) {
          // Never more than the window, and one chunk over.
          expect(inFlight()).toBeLessThanOrEqual(12);
          take();
        }
        expect(isFinished).toBe(true);
        expect(outlet.unsent).toBe(0);
        const chunks: Buffer[] = [];
        const whole: Buffer[] = [];
        for (const { chunk, isLast } of got) {
          chunks.push(chunk);
          if (isLast) whole.push(Buffer.concat(chunks.splice(0)));
        }
        expect(chunks).toEqual([]);
        expect(whole.map((one) => one.length)).toEqual(sizes.filter((size) => size > 0));
        expect(Buffer.concat(whole).equals(Buffer.concat(sent))).toBe(true);
      }),
    );
  });

  test('is full above the mark, and says once when there is room again', () => {
    const { outlet, take, rooms, inFlight } = setUp();
    outlet.write(Buffer.alloc(LOW_MARK_BYTES));
    expect(outlet.isFull).toBe(false);
    outlet.write(Buffer.alloc(500_000));
    expect(outlet.isFull).toBe(true);
    while (inFlight() > 0) take();
    expect(outlet.isFull).toBe(false);
    expect(rooms()).toBe(1);
  });

  test('is stuck when the client takes nothing for 30 s, not while it takes a little', () => {
    const { outlet, take, pass } = setUp();
    expect(outlet.isStuck()).toBe(false);
    outlet.write(Buffer.alloc(1_000_000));
    for (let n = 0; n < 5; n++) {
      pass(STUCK_MS - 1);
      expect(outlet.isStuck()).toBe(false);
      take();
    }
    pass(STUCK_MS + 1);
    expect(outlet.isStuck()).toBe(true);
  });

  test('is not stuck with nothing to say, however long', () => {
    const { outlet, take, pass } = setUp();
    outlet.write(Buffer.from('x'));
    take();
    pass(10 * STUCK_MS);
    expect(outlet.isStuck()).toBe(false);
    outlet.write(Buffer.from('y'));
    expect(outlet.isStuck()).toBe(false);
  });
});
