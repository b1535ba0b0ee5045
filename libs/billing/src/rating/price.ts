import { METERS, type Meter, type MeterPrice, type Pricing } from '#contracts';
import { NOTHING, plus, type Fraction } from './rounding.js';

/** A part of the units and what it costs, as it is shown. */
export interface TierShare {
  /** Base units that fall in the tier. */
  readonly units: bigint;
  readonly amountMicro: string;
  readonly per: string;
}

export interface Price {
  readonly amount: Fraction;
  readonly included: bigint;
  readonly tiers: readonly TierShare[];
}

/** How many months' worth of included units and tiers a period has. */
export type Months = 1 | 12;

/**
 * What so many units cost, counted from the start of the period: exact, not rounded. `units` are base
 * units of the meter; what is included comes first.
 */
export function priceOf(
  pricing: Pricing,
  currency: string,
  meter: Meter,
  units: bigint,
  months: Months,
): Price {
  const base = BigInt(METERS[meter].per);
  // The highest of a year's hours is not twelve times that of a month's.
  const times = METERS[meter].aggregation === 'max' ? 1n : BigInt(months);
  const free = BigInt(pricing.included[meter] ?? '0') * base * times;
  const included = units < free ? units : free;
  const price = pricing.currencies[currency as 'EUR']?.meters[meter];
  if (!price) return { amount: NOTHING, included: units, tiers: [] };
  const tiers = sharesOf(price, units - included, base, times);
  const amount = tiers.reduce(
    (sum, { units: count, amountMicro, per }) =>
      plus(sum, { num: count * BigInt(amountMicro), den: BigInt(per) * base }),
    NOTHING,
  );
  return { amount, included, tiers };
}

function sharesOf(price: MeterPrice, billable: bigint, base: bigint, times: bigint): TierShare[] {
  const bounded = price.tiers.map(({ upTo, amountMicro, per }) => ({
    end: upTo === null ? null : BigInt(upTo) * base * times,
    amountMicro,
    per,
  }));
  if (billable === 0n) return [];
  if (price.mode === 'volume') {
    const tier = bounded.find(({ end }) => end === null || billable <= end);
    return tier ? [{ units: billable, amountMicro: tier.amountMicro, per: tier.per }] : [];
  }
  const shares: TierShare[] = [];
  let from = 0n;
  for (const { end, amountMicro, per } of bounded) {
    const to = end === null || end > billable ? billable : end;
    if (to > from) shares.push({ units: to - from, amountMicro, per });
    from = to;
  }
  return shares;
}
