import Stripe from 'stripe';
import type { FakeAccount, TakenEvent } from './account.js';

/** The meter events that can be seen at a moment (milliseconds). */
export function visibleAt(account: FakeAccount, moment: number): TakenEvent[] {
  return account.taken.filter(({ takenAt }) => takenAt <= moment);
}

/**
 * What a customer used of a meter in [from, to), seconds. With a window the newest event taken for an
 * hour (or day) stands for it, whatever came before; without one every event counts.
 * @returns null where there is no event at all.
 */
export function aggregate(
  events: readonly TakenEvent[],
  meter: Stripe.Billing.Meter,
  customer: string,
  from: number,
  to: number,
): Stripe.Decimal | null {
  const own = events.filter(
    (event) =>
      event.meterEvent.event_name === meter.event_name &&
      event.customer === customer &&
      event.meterEvent.timestamp >= from &&
      event.meterEvent.timestamp < to,
  );
  if (own.length === 0) return null;
  const counted = meter.event_time_window === null ? own : newestOfWindows(own, meter);
  switch (meter.default_aggregation.formula) {
    case 'count':
      return Stripe.Decimal.from(counted.length);
    case 'last':
      return counted.reduce((a, b) => (b.meterEvent.timestamp >= a.meterEvent.timestamp ? b : a))
        .value;
    default:
      return counted.reduce((sum, { value }) => sum.add(value), Stripe.Decimal.zero);
  }
}

function newestOfWindows(events: readonly TakenEvent[], meter: Stripe.Billing.Meter): TakenEvent[] {
  const seconds = meter.event_time_window === 'day' ? 86_400 : 3600;
  const windows = new Map<number, TakenEvent>();
  for (const event of events) {
    windows.set(Math.floor(event.meterEvent.timestamp / seconds), event);
  }
  return [...windows.values()];
}
