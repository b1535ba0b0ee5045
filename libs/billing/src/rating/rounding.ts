import { CURRENCIES } from '#contracts';

/** An exact amount: num/den micro-units, den > 0. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

export const NOTHING: Fraction = { num: 0n, den: 1n };

export function plus(a: Fraction, b: Fraction): Fraction {
  return a.den === b.den
    ? { num: a.num + b.num, den: a.den }
    : { num: a.num * b.den + b.num * a.den, den: a.den * b.den };
}

/** Micro-units of the smallest amount that can be paid: 10 000 for a cent, 1 000 000 for a yen. */
export function smallestMicro(currency: string): bigint {
  const digits = CURRENCIES[currency as keyof typeof CURRENCIES] ?? 2;
  return 10n ** BigInt(6 - digits);
}

/**
 * To the smallest amount that can be paid; half of it goes to the even neighbour, so that rounding
 * favours neither side. It never falls as the amount grows, which keeps prices monotone.
 */
export function toPayable({ num, den }: Fraction, currency: string): bigint {
  const step = smallestMicro(currency);
  return halfEven(num, den * step) * step;
}

function halfEven(num: bigint, den: bigint): bigint {
  let quotient = num / den;
  let rest = num % den;
  if (rest < 0n) {
    quotient -= 1n;
    rest += den;
  }
  const twice = rest * 2n;
  const up = twice > den || (twice === den && quotient % 2n !== 0n);
  return up ? quotient + 1n : quotient;
}
