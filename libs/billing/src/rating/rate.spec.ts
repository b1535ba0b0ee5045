import { describe, expect, test } from '@jest/globals';
import { METER_NAMES, METERS, Pricing, type Meter } from '#contracts';
import fc from 'fast-check';
import { HOUR_MS } from '../hours.js';
import { BUILT_IN_PLANS } from '../plans/built-in.js';
import { rate, type HourUsage, type RatedPeriod, type RatedSegment } from './rate.js';
import { smallestMicro } from './rounding.js';

const HOURS = 48;
const currency = 'EUR';

const tiers = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 9_999_999 }), { minLength: 5, maxLength: 5 }),
    fc.constantFrom('1', '3', '7', '1000'),
  )
  .map(([ends, amounts, per]) =>
    [...ends.sort((a, b) => a - b), null].map((end, i) => ({
      upTo: end === null ? null : String(end),
      amountMicro: String(amounts[i]),
      per,
    })),
  );

const SUMMED = METER_NAMES.filter((meter) => METERS[meter].aggregation === 'sum');
const meters = fc.constantFrom<Meter>('messages_published', 'held_minutes', 'peak_holds');

const pricings = fc
  .record({ meter: meters, tiers, included: fc.integer({ min: 0, max: 3_000 }) })
  .map(({ meter, tiers: list, included }) =>
    Pricing.parse({
      included: { [meter]: String(included) },
      currencies: {
        EUR: {
          base: { month: '29000000' },
          meters: { [meter]: { mode: 'graduated', tiers: list } },
        },
      },
    }),
  );

const usages = fc.array(
  fc.record({
    meter: meters,
    hour: fc.integer({ min: 0, max: HOURS - 1 }).map((hour) => hour * HOUR_MS),
    units: fc.bigInt({ min: 0n, max: 400_000n }),
  }),
  { maxLength: 30 },
);

function segment(pricing: Pricing, from: number, to: number, free = false): RatedSegment {
  const name = { planId: 'p', planName: 'Plan' };
  return { ...name, from: from * HOUR_MS, to: to * HOUR_MS, pricing, interval: 'month', free };
}
function period(...segments: RatedSegment[]): RatedPeriod {
  return { start: 0, currency, wholeHours: HOURS, segments };
}
const total = (of: RatedPeriod, usage: readonly HourUsage[]) =>
  rate(of, usage).reduce((sum, { amountMicro }) => sum + amountMicro, 0n);

describe('P6: rating', () => {
  test('is monotone: more used never costs less (flat and graduated)', () => {
    fc.assert(
      fc.property(pricings, usages, usages, (pricing, some, more) => {
        const whole = period(segment(pricing, 0, HOURS));
        expect(total(whole, [...some, ...more])).toBeGreaterThanOrEqual(total(whole, some));
      }),
    );
  });

  test('is additive: a period rated in parts costs what the whole costs, wherever it is cut', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: HOURS - 1 }), { maxLength: 5 });
    fc.assert(
      fc.property(pricings, usages, cuts, (pricing, usage, at) => {
        const edges = [0, ...at.sort((a, b) => a - b), HOURS];
        const parts = edges.slice(1).map((to, i) => segment(pricing, edges[i] ?? 0, to));
        expect(total(period(...parts), usage)).toBe(
          total(period(segment(pricing, 0, HOURS)), usage),
        );
      }),
    );
  });

  test('does not drift: each hour as a part of its own rounds to the same sum', () => {
    const pricing = Pricing.parse({
      currencies: {
        EUR: {
          base: { month: '29990000' },
          meters: {
            messages_published: {
              mode: 'flat',
              tiers: [{ upTo: null, amountMicro: '3333', per: '1' }],
            },
          },
        },
      },
    });
    const usage = Array.from({ length: HOURS }, (_, hour) => ({
      meter: 'messages_published' as const,
      hour: hour * HOUR_MS,
      units: 1n,
    }));
    const hourly = Array.from({ length: HOURS }, (_, hour) => segment(pricing, hour, hour + 1));
    // 48 × 0.003333 = 0.159984 € → 0.16 €; rounded hour by hour it would be nothing.
    expect(total(period(...hourly), usage)).toBe(29_990_000n + 160_000n);
  });

  test('the order in which usage is given changes nothing', () => {
    fc.assert(
      fc.property(pricings, usages, fc.integer(), (pricing, usage, seed) => {
        const whole = period(segment(pricing, 0, HOURS));
        const turned = usage.map((_, i) => usage[(i + Math.abs(seed)) % usage.length]!);
        expect(total(whole, turned)).toBe(total(whole, usage));
      }),
    );
  });

  test('every line is an amount that can be paid', () => {
    fc.assert(
      fc.property(pricings, usages, (pricing, usage) => {
        const cut = period(segment(pricing, 0, 17), segment(pricing, 17, HOURS));
        for (const { amountMicro } of rate(cut, usage))
          expect(amountMicro % smallestMicro(currency)).toBe(0n);
      }),
    );
  });

  test('graduated: each unit has the price of the tier it falls in, after what is included', () => {
    const pricing = Pricing.parse({
      included: { messages_published: '100' },
      currencies: {
        EUR: {
          meters: {
            messages_published: {
              mode: 'graduated',
              tiers: [
                { upTo: '1000', amountMicro: '20000', per: '1' },
                { upTo: null, amountMicro: '10000', per: '1' },
              ],
            },
          },
        },
      },
    });
    const cost = (units: bigint) =>
      total(period(segment(pricing, 0, HOURS)), [{ meter: 'messages_published', hour: 0, units }]);
    expect(cost(100n)).toBe(0n);
    expect(cost(101n)).toBe(20_000n);
    expect(cost(1_100n)).toBe(20_000_000n);
    expect(cost(1_101n)).toBe(20_010_000n);
  });

  test('volume: all units have the price of the tier that their number falls in', () => {
    const pricing = Pricing.parse({
      currencies: {
        EUR: {
          meters: {
            messages_published: {
              mode: 'volume',
              tiers: [
                { upTo: '1000', amountMicro: '20000', per: '1' },
                { upTo: null, amountMicro: '10000', per: '1' },
              ],
            },
          },
        },
      },
    });
    const whole = period(segment(pricing, 0, HOURS));
    const used = (hour: number, units: bigint): HourUsage => ({
      ...{ meter: 'messages_published', units },
      hour: hour * HOUR_MS,
    });
    expect(total(whole, [used(0, 1_000n)])).toBe(20_000_000n);
    expect(total(whole, [used(0, 1_001n)])).toBe(10_010_000n);
    // In parts it adds up all the same: the part that reaches the cheaper tier gives the rest back.
    const parts = rate(period(segment(pricing, 0, 24), segment(pricing, 24, HOURS)), [
      used(0, 1_000n),
      used(30, 1n),
    ]);
    expect(parts.map(({ amountMicro }) => amountMicro)).toEqual([20_000_000n, -9_990_000n]);
  });

  test('half a cent goes to the even neighbour', () => {
    const pricing = Pricing.parse({
      currencies: {
        EUR: {
          meters: {
            messages_published: {
              mode: 'flat',
              tiers: [{ upTo: null, amountMicro: '5000', per: '1' }],
            },
          },
        },
      },
    });
    const cost = (units: bigint) =>
      total(period(segment(pricing, 0, HOURS)), [{ meter: 'messages_published', hour: 0, units }]);
    expect([1n, 2n, 3n, 5n].map(cost)).toEqual([0n, 10_000n, 20_000n, 20_000n]);
  });

  test('the highest hour counts where a meter is a peak, over a change of plan too', () => {
    const pricing = Pricing.parse({
      currencies: {
        EUR: {
          meters: {
            peak_holds: { mode: 'flat', tiers: [{ upTo: null, amountMicro: '10000', per: '1' }] },
          },
        },
      },
    });
    const peak = (hour: number, units: bigint): HourUsage => ({
      ...{ meter: 'peak_holds', units },
      hour: hour * HOUR_MS,
    });
    const cut = period(segment(pricing, 0, 24), segment(pricing, 24, HOURS));
    const lines = rate(cut, [peak(0, 5n), peak(1, 7n), peak(30, 6n), peak(31, 9n)]);
    expect(lines.map(({ amountMicro }) => amountMicro)).toEqual([70_000n, 20_000n]);
  });

  test('a change of plan in mid-period: each base for its hours, each unit by the plan of its hour', () => {
    const plan = (month: string, amountMicro: string) =>
      Pricing.parse({
        currencies: {
          EUR: {
            base: { month },
            meters: {
              messages_published: { mode: 'flat', tiers: [{ upTo: null, amountMicro, per: '1' }] },
            },
          },
        },
      });
    const cheap = { ...segment(plan('10000000', '20000'), 0, 12), planId: 'cheap' };
    const large = { ...segment(plan('100000000', '10000'), 12, HOURS), planId: 'large' };
    const lines = rate(period(cheap, large), [
      { meter: 'messages_published', hour: 0, units: 10n },
      { meter: 'messages_published', hour: 12 * HOUR_MS, units: 10n },
    ]);
    expect(lines.map(({ planId, kind, amountMicro }) => [planId, kind, amountMicro])).toEqual([
      ['cheap', 'base', 2_500_000n],
      ['large', 'base', 75_000_000n],
      ['cheap', 'usage', 200_000n],
      ['large', 'usage', 100_000n],
    ]);
  });

  test('a trial costs nothing, and leaves what is included to the time after it', () => {
    const pricing = Pricing.parse({
      included: { messages_published: '10' },
      currencies: {
        EUR: {
          base: { month: '48000000' },
          meters: {
            messages_published: {
              mode: 'flat',
              tiers: [{ upTo: null, amountMicro: '10000', per: '1' }],
            },
          },
        },
      },
    });
    const lines = rate(period(segment(pricing, 0, 24, true), segment(pricing, 24, HOURS)), [
      { meter: 'messages_published', hour: 0, units: 1_000n },
      { meter: 'messages_published', hour: 30 * HOUR_MS, units: 11n },
    ]);
    expect(lines.map(({ kind, amountMicro }) => [kind, amountMicro])).toEqual([
      ['base', 24_000_000n],
      ['usage', 0n],
      ['usage', 10_000n],
    ]);
  });

  test('a year has twelve months of included units and tiers', () => {
    const { pricing } = BUILT_IN_PLANS.find(({ id }) => id === 'developer')!;
    const yearly = { ...segment(pricing, 0, HOURS), interval: 'year' as const };
    const cost = (units: bigint) =>
      total(period(yearly), [{ meter: 'messages_published', hour: 0, units }]);
    expect(cost(12_000_000n)).toBe(290_000_000n);
    expect(cost(13_000_000n)).toBe(292_500_000n);
  });

  test('a meter without a price costs nothing and is still counted', () => {
    const pricing = Pricing.parse({ currencies: { EUR: {} } });
    for (const meter of SUMMED) {
      const [line] = rate(period(segment(pricing, 0, HOURS)), [{ meter, hour: 0, units: 5n }]);
      expect([line?.units, line?.amountMicro]).toEqual([5n, 0n]);
    }
  });
});
