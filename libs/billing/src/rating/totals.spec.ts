import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { totals, type HeldCoupon } from './totals.js';

const NO_TAX = { name: 'VAT', basisPoints: 0, inclusive: false };
const percent = (basisPoints: number): HeldCoupon => ({
  ...{ code: 'P', name: 'P', basisPoints, amountMicro: null, currency: null },
});
const amount = (micro: bigint, currency = 'EUR'): HeldCoupon => ({
  ...{ code: 'A', name: 'A', basisPoints: null, amountMicro: micro, currency },
});

describe('totals of an invoice', () => {
  test('tax on top, and tax that prices have in them already', () => {
    const onTop = totals(100_000_000n, 'EUR', [], {
      name: 'VAT',
      basisPoints: 1900,
      inclusive: false,
    });
    expect(onTop).toMatchObject({
      taxMicro: 19_000_000n,
      totalMicro: 119_000_000n,
      netMicro: 100_000_000n,
    });
    const inside = totals(119_000_000n, 'EUR', [], {
      name: 'VAT',
      basisPoints: 1900,
      inclusive: true,
    });
    expect(inside).toMatchObject({
      taxMicro: 19_000_000n,
      totalMicro: 119_000_000n,
      netMicro: 100_000_000n,
    });
  });

  test('coupons come off before tax, in order, and never below nothing', () => {
    const two = totals(10_000_000n, 'EUR', [percent(5_000), amount(7_000_000n)], {
      ...{ name: 'VAT', basisPoints: 1_000, inclusive: false },
    });
    expect(two.discounts.map(({ amountMicro }) => amountMicro)).toEqual([5_000_000n, 5_000_000n]);
    expect(two).toMatchObject({ discountMicro: 10_000_000n, taxMicro: 0n, totalMicro: 0n });
  });

  test('an amount in another currency takes nothing off', () => {
    expect(totals(10_000_000n, 'EUR', [amount(1_000_000n, 'USD')], NO_TAX).discounts).toEqual([]);
  });

  test('corrections below nothing get their tax back and no discount', () => {
    const back = totals(-10_000_000n, 'EUR', [percent(5_000)], {
      ...{ name: 'VAT', basisPoints: 2_000, inclusive: false },
    });
    expect(back).toMatchObject({
      discountMicro: 0n,
      taxMicro: -2_000_000n,
      totalMicro: -12_000_000n,
    });
  });

  test('the parts are the whole: net + tax = total, subtotal − discount = net or total', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).map((cents) => cents * 10_000n),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.boolean(),
        (subtotal, share, rate, inclusive) => {
          const all = totals(subtotal, 'EUR', [percent(share)], {
            ...{ name: 'VAT', basisPoints: rate, inclusive },
          });
          expect(all.netMicro + all.taxMicro).toBe(all.totalMicro);
          expect(subtotal - all.discountMicro).toBe(inclusive ? all.totalMicro : all.netMicro);
          expect(all.totalMicro % 10_000n).toBe(0n);
          if (subtotal >= 0n) expect(all.totalMicro).toBeGreaterThanOrEqual(0n);
        },
      ),
    );
  });
});
