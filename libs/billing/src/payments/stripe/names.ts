import { METERS, METER_NAMES, type Meter } from '#contracts';

/** What we write on Stripe's objects to find them again. */
export const META = {
  tenant: 'holdline_tenant',
  plan: 'holdline_plan',
  meter: 'holdline_meter',
  invoice: 'holdline_invoice',
  line: 'holdline_line',
} as const;

/**
 * Meters whose hours add up. The highest of a period's hours is no sum: it goes onto the invoice as a
 * line of ours.
 */
export const SUMMED_METERS: readonly Meter[] = METER_NAMES.filter(
  (meter) => METERS[meter].aggregation === 'sum',
);

export function eventName(meter: Meter): string {
  return `holdline_${meter}`;
}

/** Names a version of an hour's total, at Stripe and as Idempotency-Key. */
export function hourIdentifier(hour: {
  readonly tenantId: string;
  readonly meter: string;
  readonly hour: Date;
  readonly version: number;
}): string {
  return `t:${hour.tenantId}:m:${hour.meter}:h:${hour.hour.toISOString()}:v${hour.version}`;
}

export function productId(planId: string): string {
  return `holdline_${planId}`;
}
