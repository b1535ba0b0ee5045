import { METERS, METER_NAMES, type Meter, type Pricing } from '#contracts';
import { HOUR_MS } from '../hours.js';
import { priceOf, type Months } from './price.js';
import { toPayable } from './rounding.js';

/** Hours under the same prices. `from` and `to` are milliseconds at whole hours. */
export interface RatedSegment {
  readonly from: number;
  readonly to: number;
  readonly planId: string;
  readonly planName: string;
  readonly pricing: Pricing;
  readonly interval: 'month' | 'year';
  /** A trial, or after the end: nothing is charged, and what is used takes nothing of what is included. */
  readonly free: boolean;
}

export interface RatedPeriod {
  readonly start: number;
  readonly currency: string;
  /** What a base fee is shared out over. */
  readonly wholeHours: number;
  /** In order, without overlap. */
  readonly segments: readonly RatedSegment[];
}

export interface HourUsage {
  readonly meter: Meter;
  readonly hour: number;
  readonly units: bigint;
}

export interface RatedLine {
  readonly kind: 'base' | 'usage';
  readonly description: string;
  readonly planId: string;
  readonly meter: Meter | null;
  readonly from: number;
  readonly to: number;
  readonly units: bigint;
  /** Units of the period before `from`: where in the tiers the line begins. */
  readonly unitsBefore: bigint;
  readonly amountMicro: bigint;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hours: readonly { readonly hour: number; readonly units: bigint }[];
}

/**
 * What a period costs: pure, in whole numbers. Each line is the rounded price up to its end less the
 * rounded price up to its start, so lines add up to the price of the whole however a period is divided,
 * and no rounding piles up. Units are counted through the period; each plan prices its part of the count
 * by its own tiers.
 */
export function rate(period: RatedPeriod, usage: readonly HourUsage[]): RatedLine[] {
  const lines = period.segments.flatMap((segment) => baseLine(period, segment));
  for (const meter of METER_NAMES) {
    const mine = usage.filter((row) => row.meter === meter && row.units !== 0n);
    let before = 0n;
    for (const segment of period.segments) {
      const hours = mine
        .filter(({ hour }) => hour >= segment.from && hour < segment.to)
        .sort((a, b) => a.hour - b.hour);
      if (hours.length === 0) continue;
      const line = usageLine(period.currency, segment, meter, hours, before);
      lines.push(line);
      if (!segment.free) before = together(meter, before, line.units);
    }
  }
  return lines;
}

/** Units of two stretches of time as those of both: added up, or the larger one. */
function together(meter: Meter, a: bigint, b: bigint): bigint {
  if (METERS[meter].aggregation === 'sum') return a + b;
  return a > b ? a : b;
}

function baseLine(period: RatedPeriod, segment: RatedSegment): RatedLine[] {
  const { currency, start, wholeHours } = period;
  const fee = segment.pricing.currencies[currency as 'EUR']?.base[segment.interval];
  if (fee === undefined || fee === '0' || segment.free) return [];
  const upTo = (at: number) =>
    toPayable(
      { num: BigInt(fee) * BigInt((at - start) / HOUR_MS), den: BigInt(wholeHours) },
      currency,
    );
  const hours = (segment.to - segment.from) / HOUR_MS;
  const part = hours === wholeHours ? '' : ` (${hours} of ${wholeHours} hours)`;
  return [
    {
      kind: 'base',
      description: `${segment.planName}, ${segment.interval === 'year' ? 'yearly' : 'monthly'} base${part}`,
      planId: segment.planId,
      meter: null,
      from: segment.from,
      to: segment.to,
      units: 0n,
      unitsBefore: 0n,
      amountMicro: upTo(segment.to) - upTo(segment.from),
      detail: { feeMicro: fee, hours, wholeHours },
      hours: [],
    },
  ];
}

function usageLine(
  currency: string,
  segment: RatedSegment,
  meter: Meter,
  hours: readonly HourUsage[],
  before: bigint,
): RatedLine {
  const units = hours.reduce((sum, row) => together(meter, sum, row.units), 0n);
  const months: Months = segment.interval === 'year' ? 12 : 1;
  const at = (count: bigint) => priceOf(segment.pricing, currency, meter, count, months);
  const start = at(before);
  const end = at(together(meter, before, units));
  return {
    kind: 'usage',
    description: `${METERS[meter].title}${segment.free ? ' (trial)' : ''}`,
    planId: segment.planId,
    meter,
    from: segment.from,
    to: segment.to,
    units,
    unitsBefore: before,
    amountMicro: segment.free
      ? 0n
      : toPayable(end.amount, currency) - toPayable(start.amount, currency),
    detail: segment.free
      ? { free: true }
      : {
          includedUnits: String(end.included - start.included),
          tiers: end.tiers.map((tier) => ({ ...tier, units: String(tier.units) })),
          ...(before === 0n
            ? {}
            : {
                tiersBefore: start.tiers.map((tier) => ({ ...tier, units: String(tier.units) })),
              }),
        },
    hours: hours.map(({ hour, units: count }) => ({ hour, units: count })),
  };
}
