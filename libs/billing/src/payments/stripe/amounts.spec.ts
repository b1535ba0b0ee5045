import { describe, expect, test } from '@jest/globals';
import { METERS, type Meter } from '#contracts';
import fc from 'fast-check';
import Stripe from 'stripe';
import { rate as rateAtStripe } from '../../../../../test/fakes/stripe/rating.js';
import { priceOf } from '../../rating/price.js';
import { toPayable } from '../../rating/rounding.js';
import { toMicro, toMinor, toQuantity, toUnits } from './amounts.js';
import { paidMicro, wantedLines } from './invoice-lines.js';
import { priceTerms } from './metered-price.js';
import { SUMMED_METERS } from './names.js';
import { PRICING } from './testing/world.js';

const meters = fc.constantFrom(...SUMMED_METERS);

describe('units', () => {
  test('an hour’s base units are found again from what Stripe is told of them', () => {
    fc.assert(
      fc.property(meters, fc.bigInt({ min: 0n, max: 10n ** 13n }), (meter, units) => {
        expect(toUnits(meter, toQuantity(meter, units))).toBe(units);
      }),
    );
  });

  test('a month of hours adds up to the same base units', () => {
    fc.assert(
      fc.property(
        meters,
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 11n }), { maxLength: 744 }),
        (meter, hours) => {
          const theirs = hours.reduce(
            (sum, units) => sum.add(toQuantity(meter, units)),
            Stripe.Decimal.zero,
          );
          expect(toUnits(meter, theirs)).toBe(hours.reduce((sum, units) => sum + units, 0n));
        },
      ),
    );
  });
});

describe('amounts', () => {
  test('micro-units become the nearest amount that can be paid, half to the even one', () => {
    expect(
      [4_999n, 5_000n, 15_000n, 25_000n, -5_000n, -15_001n].map((n) => toMinor(n, 'EUR')),
    ).toEqual([0, 0, 2, 2, 0, -2]);
    expect([toMinor(1_499_999n, 'JPY'), toMicro(3, 'JPY')]).toEqual([1, 3_000_000n]);
  });

  test('a payment of what is open as it can be paid leaves nothing open', () => {
    expect(paidMicro(525, 5_251_234n, 'EUR')).toBe(5_251_234n);
    expect(paidMicro(500, 5_251_234n, 'EUR')).toBe(5_000_000n);
  });
});

describe('prices', () => {
  test('what Stripe makes of a price is what the ledger makes of it, but for rounding on each line', () => {
    const priced = SUMMED_METERS.filter((meter) => PRICING.currencies.USD?.meters[meter]);
    expect(priced.length).toBeGreaterThan(1);
    fc.assert(
      fc.property(
        fc.constantFrom(...priced),
        fc.constantFrom('month', 'year'),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        (meter, interval, units) => {
          const terms = priceTerms(PRICING, 'USD', meter, interval);
          const parts = rateAtStripe(asPrice(terms), toQuantity(meter, units));
          const theirs = parts.reduce((sum, { amount }) => sum + amount, 0);
          const months = interval === 'year' ? 12 : 1;
          const exact = priceOf(PRICING, 'USD', meter, units, months).amount;
          const ours = toMinor(toPayable(exact, 'USD'), 'USD');
          expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(parts.length);
        },
      ),
    );
  });

  test.each([
    ['the highest of the hours', 'peak_holds', {}],
    [
      'volume tiers after included units',
      'messages_published',
      { mode: 'volume', tiers: [{ upTo: null, amountMicro: '1', per: '1' }] },
    ],
    [
      'more than 12 places',
      'messages_delivered',
      { mode: 'flat', tiers: [{ upTo: null, amountMicro: '1', per: '3' }] },
    ],
  ])('Stripe has no words for %s', (_what, meter, price) => {
    const pricing = structuredClone(PRICING);
    const usd = pricing.currencies.USD;
    if (usd && Object.keys(price).length > 0) usd.meters[meter] = price as never;
    expect(priceTerms(pricing, 'USD', meter as Meter, 'month')).toBeNull();
  });
});

test('the lines put beside Stripe’s own always bring its total to ours, credits taken off', () => {
  const line = fc.record({
    kind: fc.constantFrom('base', 'usage', 'adjustment', 'discount'),
    meter: fc.constantFrom(null, 'messages_published', 'peak_holds'),
    amountMicro: fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
    units: fc.bigInt({ min: 0n, max: 10n ** 6n }),
  });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      (said, theirs, credit) => {
        const lines = said.map((row, n) => ({ ...row, n, description: 'x' }) as never);
        const totalMicro = said.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
        const dueMicro = totalMicro - (credit > totalMicro ? totalMicro : credit);
        const invoice = { lines, totalMicro, dueMicro, currency: 'EUR' } as never;
        const usage = new Map([
          [
            'messages_published' as const,
            { quantity: Stripe.Decimal.from(1), amount: theirs, lines: 1 },
          ],
        ]);
        const wanted = wantedLines(invoice, usage);
        const sum = wanted.lines.reduce((all, { amount }) => all + amount, theirs);
        expect(sum - wanted.granted).toBe(toMinor(dueMicro, 'EUR'));
        expect(wanted.granted).toBeLessThanOrEqual(theirs);
      },
    ),
  );
});

function asPrice(terms: ReturnType<typeof priceTerms>): Stripe.Price {
  const tiers = terms?.tiers?.map((tier) => ({
    ...tier,
    up_to: tier.up_to === 'inf' ? null : tier.up_to,
  }));
  return { ...terms, tiers } as unknown as Stripe.Price;
}

test('every summed meter is one that METERS adds up', () => {
  expect(SUMMED_METERS.every((meter) => METERS[meter].aggregation === 'sum')).toBe(true);
});
