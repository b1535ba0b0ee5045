import { METERS, type Meter } from '#contracts';
import type Stripe from 'stripe';
import { stripeSdk } from './sdk.js';

/** Currencies whose amounts Stripe takes in whole units. */
const WHOLE = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));

/** Micro-units of Stripe's smallest amount: 10 000 for a cent, 1 000 000 for a yen. */
export function minorMicro(currency: string): bigint {
  return WHOLE.has(currency.toUpperCase()) ? 1_000_000n : 10_000n;
}

/** The nearest amount that Stripe can take; half goes to the even one, as our invoices round. */
export function toMinor(micro: bigint, currency: string): number {
  const step = minorMicro(currency);
  let quotient = micro / step;
  let rest = micro % step;
  if (rest < 0n) {
    quotient -= 1n;
    rest += step;
  }
  const up = rest * 2n > step || (rest * 2n === step && quotient % 2n !== 0n);
  return Number(up ? quotient + 1n : quotient);
}

export function toMicro(minor: number, currency: string): bigint {
  return BigInt(minor) * minorMicro(currency);
}

/**
 * An hour's base units as Stripe is told them: in the unit that prices are in, with as many digits as
 * Stripe keeps of a usage (15). Of all that an hour can hold the base units are found again by rounding.
 */
export function toQuantity(meter: Meter, units: bigint): Stripe.Decimal {
  const per = stripeSdk().Decimal.from(METERS[meter].per);
  return stripeSdk()
    .Decimal.from(units)
    .div(per, 34, 'half-even')
    .round('half-even', 'ubb-usage-count');
}

export function toUnits(meter: Meter, quantity: Stripe.Decimal): bigint {
  const per = stripeSdk().Decimal.from(METERS[meter].per);
  return BigInt(quantity.mul(per).toFixed(0, 'half-even'));
}
