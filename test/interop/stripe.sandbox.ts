import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { eventually } from '../support/eventually.js';

/**
 * What only Stripe itself can confirm. Runs by `npm run test:stripe` with STRIPE_TEST_KEY set to the key
 * of a sandbox; what it makes there it leaves or archives, and it charges nobody.
 */
const key = process.env['STRIPE_TEST_KEY'] ?? '';
const SUMMARY_MS = 15 * 60_000;

let stripe: Stripe;
let meter: Stripe.Billing.Meter;
let customer: Stripe.Customer;
/** The last hour that is over, in seconds. */
const hour = Math.floor(Date.now() / 3_600_000 - 1) * 3600;

beforeAll(async () => {
  if (!/^(sk|rk)_test_/.test(key)) {
    throw new Error(
      'STRIPE_TEST_KEY must be the key of a sandbox (sk_test_…): this is no live test.',
    );
  }
  stripe = new Stripe(key);
  meter = await stripe.billing.meters.create({
    display_name: 'Holdline sandbox test',
    event_name: `holdline_sandbox_${randomUUID()}`,
    default_aggregation: { formula: 'sum' },
    event_time_window: 'hour',
  });
  customer = await stripe.customers.create({ name: 'Holdline sandbox test' });
});

function tell(value: string, at: number, identifier: string = randomUUID()) {
  return stripe.billing.meterEvents.create({
    event_name: meter.event_name,
    identifier,
    timestamp: at,
    payload: { stripe_customer_id: customer.id, value },
  });
}

async function total(from: number, to: number): Promise<number> {
  const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
    customer: customer.id,
    start_time: from,
    end_time: to,
  });
  return data[0]?.aggregated_value ?? 0;
}

describe('meters with an hourly window', () => {
  test(
    'the last value told of an hour stands for it, and hours add up',
    async () => {
      await tell('10', hour + 1);
      await tell('5', hour - 3600 + 1);
      await tell('12.5', hour + 1);
      await eventually('the summary says 17.5', SUMMARY_MS, async () => {
        // Stripe counts requests, and its summaries take minutes.
        await pause(5_000);
        return (await total(hour - 3600, hour + 3600)) === 17.5;
      });
    },
    SUMMARY_MS + 60_000,
  );

  test('a repeated identifier is refused as one that exists', async () => {
    const identifier = randomUUID();
    await tell('1', hour - 7200 + 1, identifier);
    await expect(tell('1', hour - 7200 + 1, identifier)).rejects.toMatchObject({ statusCode: 400 });
  });
});

test('a draft takes lines of ours, negative ones too, and keeps their metadata', async () => {
  const draft = await stripe.invoices.create({
    customer: customer.id,
    currency: 'usd',
    auto_advance: false,
  });
  await stripe.invoices.addLines(draft.id, {
    lines: [
      { amount: 2_900, description: 'Base fee', metadata: { holdline_line: 'n1' } },
      { amount: -100, description: 'Credits', metadata: { holdline_line: 'credits' } },
    ],
  });
  const { data } = await stripe.invoices.listLineItems(draft.id);
  expect(data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([-100, 2_900]);
  expect(data.map(({ metadata }) => metadata['holdline_line']).sort()).toEqual(['credits', 'n1']);
  expect((await stripe.invoices.retrieve(draft.id)).total).toBe(2_800);
  await stripe.invoices.del(draft.id);
});
