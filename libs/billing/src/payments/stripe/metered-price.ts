import { METERS, type Meter, type MeterPrice, type Pricing } from '#contracts';
import type Stripe from 'stripe';
import { stripeSdk } from './sdk.js';
import { minorMicro } from './amounts.js';

/** What a price at Stripe says of a meter. */
export type PriceTerms = Pick<
  Stripe.PriceCreateParams,
  'billing_scheme' | 'tiers' | 'tiers_mode' | 'unit_amount_decimal'
>;

/** Stripe's prices have at most 12 places after the point. */
const PLACES = 12;

/**
 * The meter's price in Stripe's words, for units as METERS names them. null where Stripe has no words
 * for it: the highest of a period's hours, volume tiers after included units, a price with more than
 * 12 places. Such usage is put onto the invoice as a line of ours.
 */
export function priceTerms(
  pricing: Pricing,
  currency: string,
  meter: Meter,
  interval: 'month' | 'year',
): PriceTerms | null {
  const price = pricing.currencies[currency as 'EUR']?.meters[meter];
  if (!price || METERS[meter].aggregation === 'max') return null;
  const months = interval === 'year' ? 12n : 1n;
  const included = BigInt(pricing.included[meter] ?? '0') * months;
  const units = price.tiers.map((tier) => unitAmount(tier, currency));
  if (units.some((unit) => unit === null)) return null;
  if (price.mode === 'volume' && included > 0n) return null;
  const [first] = units;
  if (price.tiers.length === 1 && included === 0n && first) {
    return { billing_scheme: 'per_unit', unit_amount_decimal: first };
  }
  const tiers = price.tiers.map(({ upTo }, at) => ({
    up_to: upTo === null ? ('inf' as const) : Number(BigInt(upTo) * months + included),
    unit_amount_decimal: units[at] ?? stripeSdk().Decimal.zero,
  }));
  const free = { up_to: Number(included), unit_amount_decimal: stripeSdk().Decimal.zero };
  return {
    billing_scheme: 'tiered',
    tiers_mode: price.mode === 'volume' ? 'volume' : 'graduated',
    tiers: included > 0n ? [free, ...tiers] : tiers,
  };
}

function unitAmount(tier: MeterPrice['tiers'][number], currency: string): Stripe.Decimal | null {
  const den = stripeSdk().Decimal.from(BigInt(tier.per) * minorMicro(currency));
  const amount = stripeSdk().Decimal.from(tier.amountMicro);
  const unit = amount.div(den, PLACES, 'half-even');
  return unit.mul(den).eq(amount) ? unit : null;
}
