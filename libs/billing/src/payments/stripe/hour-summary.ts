import type Stripe from 'stripe';

/** What Stripe has of an hour; 0 where it has nothing. Its summaries lag some minutes behind. */
export async function theirHour(
  stripe: Stripe,
  meter: string,
  customer: string,
  hour: Date,
): Promise<number> {
  const [value] = (await theirHours(stripe, meter, customer, hour, 1)).values();
  return value ?? 0;
}

/** What Stripe has of each hour from `from` on, by the hour's begin in milliseconds. */
export async function theirHours(
  stripe: Stripe,
  meter: string,
  customer: string,
  from: Date,
  hours: number,
): Promise<Map<number, number>> {
  const start = from.getTime() / 1000;
  const values = new Map<number, number>();
  for await (const { start_time, aggregated_value } of stripe.billing.meters.listEventSummaries(
    meter,
    {
      customer,
      start_time: start,
      end_time: start + hours * 3600,
      value_grouping_window: 'hour',
      limit: 100,
    },
  )) {
    values.set(start_time * 1000, aggregated_value);
  }
  return values;
}
