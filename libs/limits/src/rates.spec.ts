import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Rates } from './rates.js';

const steps = fc.array(
  fc.record({ after: fc.integer({ min: 0, max: 1500 }), units: fc.integer({ min: 1, max: 40 }) }),
  { minLength: 1, maxLength: 120 },
);

/** When and how much passed. */
function run(max: number, windowMs: number, order: { after: number; units: number }[]) {
  const rates = new Rates();
  let now = 1_000;
  const passed: { at: number; units: number }[] = [];
  for (const { after, units } of order) {
    now += after;
    if (rates.wait('x', units, max, windowMs, now) > 0) continue;
    rates.add('x', units, max, windowMs, now);
    passed.push({ at: now, units });
  }
  return passed;
}

describe('a rate', () => {
  test('in any time no more passes than the burst and what the rate brings', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 5000 }),
        steps,
        (max, windowMs, order) => {
          const passed = run(max, windowMs, order);
          for (let from = 0; from < passed.length; from++) {
            let sum = 0;
            for (let to = from; to < passed.length; to++) {
              sum += passed[to]!.units;
              // One take that is larger than the burst passes alone, when all before it is paid off.
              const burst = Math.max(max, passed[from]!.units, passed[to]!.units);
              const t = passed[to]!.at - passed[from]!.at;
              expect(sum).toBeLessThanOrEqual(burst + (t * max) / windowMs + 1e-6);
            }
          }
        },
      ),
    );
  });

  test('exactly the maximum passes at once, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 60_000 }),
        (max, windowMs) => {
          const order = Array.from({ length: max + 5 }, () => ({ after: 0, units: 1 }));
          expect(run(max, windowMs, order)).toHaveLength(max);
        },
      ),
    );
  });

  test('whoever waits as long as it says passes, and not a thousandth before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 20 }),
        (max, units) => {
          const rates = new Rates();
          while (rates.wait('x', units, max, 1000, 5) === 0) rates.add('x', units, max, 1000, 5);
          const wait = rates.wait('x', units, max, 1000, 5);
          expect(rates.wait('x', units, max, 1000, 5 + wait + 1e-9)).toBe(0);
          expect(rates.wait('x', units, max, 1000, 5 + wait - 0.001)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('is monotone: with a larger maximum nothing is refused that passed before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        steps,
        (max, more, order) => {
          const single = order.map(({ after }) => ({ after, units: 1 }));
          expect(run(max + more, 1000, single).length).toBeGreaterThanOrEqual(
            run(max, 1000, single).length,
          );
        },
      ),
    );
  });

  test('ids do not touch each other, and there are never more than are kept', () => {
    const rates = new Rates(100);
    rates.add('x', 10, 10, 1000, 0);
    expect(rates.wait('y', 10, 10, 1000, 0)).toBe(0);
    for (let i = 0; i < 10_000; i++) {
      rates.add(`id-${i}`, 1, 10, 1000, i);
      expect(rates.size).toBeLessThanOrEqual(100);
    }
  });
});
