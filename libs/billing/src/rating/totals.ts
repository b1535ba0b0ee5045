import { smallestMicro, toPayable } from './rounding.js';

export interface HeldCoupon {
  readonly code: string;
  readonly name: string;
  readonly basisPoints: number | null;
  readonly amountMicro: bigint | null;
  readonly currency: string | null;
}

export interface TaxRule {
  readonly name: string;
  /** Hundredths of a per cent. */
  readonly basisPoints: number;
  /** Prices have the tax in them already. */
  readonly inclusive: boolean;
}

export interface Totals {
  readonly subtotalMicro: bigint;
  readonly discounts: readonly { readonly coupon: HeldCoupon; readonly amountMicro: bigint }[];
  readonly discountMicro: bigint;
  readonly taxMicro: bigint;
  readonly totalMicro: bigint;
  /** What is earned: the total without its tax. */
  readonly netMicro: bigint;
}

/** Discounts come off in order and never below nothing; tax is on what is left, rounded once. */
export function totals(
  subtotalMicro: bigint,
  currency: string,
  coupons: readonly HeldCoupon[],
  tax: TaxRule,
): Totals {
  let left = subtotalMicro;
  const discounts = coupons.flatMap((coupon) => {
    const amountMicro = discountOf(coupon, left, currency);
    left -= amountMicro;
    return amountMicro === 0n ? [] : [{ coupon, amountMicro }];
  });
  const rate = BigInt(tax.basisPoints);
  const taxMicro = toPayable(
    { num: left * rate, den: tax.inclusive ? 10_000n + rate : 10_000n },
    currency,
  );
  const totalMicro = tax.inclusive ? left : left + taxMicro;
  return {
    subtotalMicro,
    discounts,
    discountMicro: subtotalMicro - left,
    taxMicro,
    totalMicro,
    netMicro: totalMicro - taxMicro,
  };
}

function discountOf(coupon: HeldCoupon, left: bigint, currency: string): bigint {
  if (left <= 0n) return 0n;
  if (coupon.basisPoints !== null) {
    return toPayable({ num: left * BigInt(coupon.basisPoints), den: 10_000n }, currency);
  }
  if (coupon.currency !== currency || coupon.amountMicro === null) return 0n;
  const whole = coupon.amountMicro - (coupon.amountMicro % smallestMicro(currency));
  return whole < left ? whole : left;
}
