import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { idOf } from './account.js';
import { FakeStripe } from './fake-stripe.js';
import { clientOf } from './testing/client-of.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = new Date('2026-11-01T00:00:00Z');
const START_S = START.getTime() / 1000;

let fake: FakeStripe;
let stripe: Stripe;

beforeEach(async () => {
  fake = await new FakeStripe(START).start();
  stripe = clientOf(fake);
});
afterEach(() => fake.stop());

/** A customer, a metered price in tiers and a base fee, and a subscription to both. */
async function subscribed(trialDays?: number) {
  const customer = await stripe.customers.create({ name: 'Acme', metadata: { tenant: 'ten_a' } });
  const meter = await stripe.billing.meters.create({
    display_name: 'Messages',
    event_name: 'messages',
    default_aggregation: { formula: 'sum' },
    event_time_window: 'hour',
  });
  const product = await stripe.products.create({ name: 'Business' });
  const fee = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 2_900,
    recurring: { interval: 'month' },
    lookup_key: 'business_fee',
  });
  const used = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers: [
      { up_to: 1_000, unit_amount_decimal: Stripe.Decimal.from('0') },
      { up_to: 10_000, unit_amount_decimal: Stripe.Decimal.from('0.25') },
      { up_to: 'inf', unit_amount_decimal: Stripe.Decimal.from('0.1') },
    ],
    recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
    lookup_key: 'business_messages',
  });
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: fee.id }, { price: used.id }],
    ...(trialDays === undefined ? {} : { trial_period_days: trialDays }),
  });
  const report = (hour: number, value: number, version = 1) =>
    stripe.billing.meterEvents.create({
      event_name: 'messages',
      payload: { stripe_customer_id: customer.id, value: String(value) },
      identifier: `h${hour}:v${version}`,
      timestamp: START_S + hour * 3600 + 1,
    });
  return { customer, meter, fee, used, subscription, report };
}

describe('what is kept', () => {
  test('a customer is made, found, changed and deleted', async () => {
    const { id } = await stripe.customers.create({ email: 'a@example.test' });
    await stripe.customers.update(id, { metadata: { tenant: 'ten_a' } });
    expect(await stripe.customers.retrieve(id)).toMatchObject({
      email: 'a@example.test',
      metadata: { tenant: 'ten_a' },
    });
    await stripe.customers.del(id);
    expect(await stripe.customers.retrieve(id)).toEqual({ id, object: 'customer', deleted: true });
    await expect(stripe.customers.retrieve('cus_none')).rejects.toMatchObject({
      code: 'resource_missing',
    });
  });

  test('a lookup key names one price, and tiers are shown to who asks', async () => {
    const { used } = await subscribed();
    await expect(
      stripe.prices.create({
        product: idOf(used.product),
        currency: 'usd',
        unit_amount: 1,
        lookup_key: 'business_messages',
      }),
    ).rejects.toThrow(/lookup key/);
    const plain = await stripe.prices.list({ lookup_keys: ['business_messages'] });
    expect(plain.data.map(({ id, tiers }) => ({ id, tiers }))).toEqual([
      { id: used.id, tiers: undefined },
    ]);
    const { tiers } = await stripe.prices.retrieve(used.id, { expand: ['tiers'] });
    expect(
      tiers?.map(({ up_to, unit_amount_decimal }) => [up_to, unit_amount_decimal?.toString()]),
    ).toEqual([
      [1_000, '0'],
      [10_000, '0.25'],
      [null, '0.1'],
    ]);
  });

  test('lists are cut into pages that lead through all of it once', async () => {
    for (let n = 0; n < 25; n++) await stripe.customers.create({ name: String(n) });
    const names: string[] = [];
    for await (const { name } of stripe.customers.list({ limit: 10 })) names.push(name ?? '');
    expect(names).toEqual(Array.from({ length: 25 }, (_, n) => String(24 - n)));
  });
});

describe('meter events', () => {
  test('an hour has the value that came last, whatever came before', async () => {
    const { meter, customer, report } = await subscribed();
    fake.advance(3 * HOUR);
    await report(0, 10, 1);
    await report(0, 12, 2);
    await report(1, 5);
    const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
      customer: customer.id,
      start_time: START_S,
      end_time: START_S + 2 * 3600,
      value_grouping_window: 'hour',
    });
    expect(data.map(({ start_time, aggregated_value }) => [start_time, aggregated_value])).toEqual([
      [START_S + 3600, 5],
      [START_S, 12],
    ]);
  });

  test('summaries lag behind', async () => {
    const { meter, customer, report } = await subscribed();
    fake.advance(2 * HOUR);
    fake.account.summaryLag = 600;
    await report(0, 10);
    const total = async () => {
      const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
        customer: customer.id,
        start_time: START_S,
        end_time: START_S + 3600,
      });
      return data[0]?.aggregated_value;
    };
    expect(await total()).toBe(0);
    fake.advance(10 * 60_000);
    expect(await total()).toBe(10);
  });

  test('an identifier is refused for a day, and then taken again', async () => {
    const { report } = await subscribed();
    fake.advance(2 * HOUR);
    await report(0, 10);
    await expect(report(0, 10)).rejects.toMatchObject({ param: 'identifier' });
    fake.advance(DAY);
    await expect(report(0, 10)).resolves.toMatchObject({ identifier: 'h0:v1' });
  });

  test('older than 35 days and more than 5 minutes ahead are refused, the edges taken', async () => {
    const { report, customer } = await subscribed();
    const at = (timestamp: number) =>
      stripe.billing.meterEvents.create({
        event_name: 'messages',
        payload: { stripe_customer_id: customer.id, value: '1' },
        timestamp,
      });
    await expect(at(START_S + 300)).resolves.toBeDefined();
    await expect(at(START_S + 301)).rejects.toMatchObject({ param: 'timestamp' });
    fake.advance(35 * DAY + 1_000);
    await expect(report(0, 1)).resolves.toBeDefined();
    fake.advance(1_000);
    await expect(report(0, 1, 2)).rejects.toMatchObject({ param: 'timestamp' });
  });

  test('an unknown meter or customer is told later, by a thin event that can be fetched', async () => {
    await stripe.billing.meterEvents.create({
      event_name: 'nothing',
      payload: { stripe_customer_id: 'cus_none', value: '1' },
      identifier: 'lost',
    });
    const { data } = await stripe.v2.core.events.list({
      types: ['v1.billing.meter.no_meter_found'],
    });
    expect(data).toHaveLength(1);
    const event = await stripe.v2.core.events.retrieve(data[0]?.id ?? '');
    expect(JSON.stringify(event)).toContain('"identifier":"lost"');
  });
});

describe('subscriptions and invoices', () => {
  test('the first invoice is the base fee; a period later usage by tier and the next fee, final after an hour', async () => {
    const { subscription, report } = await subscribed();
    const [first] = (await stripe.invoices.list({ subscription: subscription.id })).data;
    expect(first).toMatchObject({
      status: 'paid',
      total: 2_900,
      billing_reason: 'subscription_create',
    });
    fake.advance(HOUR);
    await report(0, 11_001);
    fake.advanceTo(new Date('2026-12-01T00:00:00Z'));
    const [draft] = (await stripe.invoices.list({ status: 'draft' })).data;
    // 1 000 free, 9 000 at 0.25 cents, 1 001 at 0.1: rounded on each line.
    expect(draft?.lines.data.map(({ amount, quantity }) => [quantity, amount])).toEqual([
      [1, 2_900],
      [1_000, 0],
      [9_000, 2_250],
      [1_001, 100],
    ]);
    // Late, and still on it.
    await report(0, 11_002, 2);
    fake.advance(HOUR);
    const paid = await stripe.invoices.retrieve(draft?.id ?? '');
    expect(paid).toMatchObject({ status: 'paid', total: 5_250, amount_paid: 5_250 });
    expect(paid.lines.data.at(-1)?.quantity).toBe(1_002);
  });

  test('a trial bills nothing until it ends', async () => {
    const { subscription } = await subscribed(14);
    expect(subscription).toMatchObject({ status: 'trialing', trial_end: START_S + 14 * 86_400 });
    expect((await stripe.invoices.list()).data).toEqual([]);
    fake.advance(14 * DAY);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: 'active',
    });
    expect((await stripe.invoices.list()).data).toHaveLength(1);
  });

  test('a declined payment leaves the subscription past due until it is paid', async () => {
    const { customer, subscription } = await subscribed();
    fake.account.declined.add(customer.id);
    fake.advanceTo(new Date('2026-12-01T02:00:00Z'));
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: 'past_due',
    });
    const [open] = (await stripe.invoices.list({ status: 'open' })).data;
    await expect(stripe.invoices.pay(open?.id ?? '')).rejects.toMatchObject({
      code: 'card_declined',
    });
    fake.account.declined.clear();
    await stripe.invoices.pay(open?.id ?? '');
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: 'active',
    });
  });

  test('cancelling at the end of the period bills what was used and ends it', async () => {
    const { subscription, report } = await subscribed();
    fake.advance(HOUR);
    await report(0, 2_000);
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    fake.advanceTo(new Date('2026-12-01T01:00:00Z'));
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: 'canceled',
    });
    expect((await stripe.invoices.list({ limit: 1 })).data[0]).toMatchObject({
      total: 250,
      status: 'paid',
    });
  });

  test('a credit grant pays metered lines alone, and is used up', async () => {
    const { customer, report } = await subscribed();
    await stripe.billing.creditGrants.create({
      customer: customer.id,
      amount: { type: 'monetary', monetary: { currency: 'usd', value: 400 } },
      applicability_config: { scope: { price_type: 'metered' } },
      category: 'promotional',
    });
    fake.advance(HOUR);
    await report(0, 2_000);
    fake.advanceTo(new Date('2026-12-01T01:00:00Z'));
    expect((await stripe.invoices.list({ limit: 1 })).data[0]).toMatchObject({
      subtotal: 3_150,
      total: 2_900,
      total_pretax_credit_amounts: [{ amount: 250 }],
    });
  });

  test('paying on the checkout page begins the subscription once, however often it is visited', async () => {
    const { fee, used, customer } = await subscribed();
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: fee.id, quantity: 1 }, { price: used.id }],
      success_url: 'http://127.0.0.1:9/done',
      subscription_data: { billing_mode: { type: 'flexible' }, metadata: { tenant: 'ten_a' } },
    });
    for (let n = 0; n < 2; n++) {
      const answer = await fetch(session.url ?? '', { redirect: 'manual' });
      expect(answer.status).toBe(303);
    }
    const done = await stripe.checkout.sessions.retrieve(session.id);
    expect(done).toMatchObject({ status: 'complete', payment_status: 'paid' });
    expect(await stripe.subscriptions.retrieve(idOf(done.subscription))).toMatchObject({
      status: 'active',
      metadata: { tenant: 'ten_a' },
    });
    expect((await stripe.subscriptions.list()).data).toHaveLength(2);
  });
});

describe('events', () => {
  test('they tell in pages what happened, newest first, by type and time', async () => {
    await subscribed();
    fake.advance(1_000);
    await stripe.customers.create({ name: 'late' });
    const all: string[] = [];
    for await (const event of stripe.events.list({ limit: 3 })) all.push(event.type);
    expect(all[0]).toBe('customer.created');
    expect(all).toContain('customer.subscription.created');
    const late = await stripe.events.list({ created: { gt: START_S } });
    expect(late.data.map(({ type }) => type)).toEqual(['customer.created']);
    const typed = await stripe.events.list({ types: ['invoice.paid'] });
    expect(typed.data).toHaveLength(1);
  });

  test('they are signed as Stripe signs, tried again until taken, and can be duplicated, lost and reordered', async () => {
    const { createServer } = await import('node:http');
    const seen: string[] = [];
    let status = 500;
    const endpoint = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const event = stripe.webhooks.constructEvent(
          Buffer.concat(chunks),
          String(request.headers['stripe-signature']),
          'whsec_a',
          300,
          undefined,
          fake.clock.now(),
        );
        seen.push(event.type);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening));
    const { port } = endpoint.address() as { port: number };
    fake.webhooks.endpoints.push({
      url: `http://127.0.0.1:${port}/`,
      secret: 'whsec_a',
      payload: 'snapshot',
    });
    const { id } = await stripe.customers.create({ name: 'A' });
    await stripe.customers.update(id, { name: 'B' });
    fake.webhooks.reverse();
    expect((await fake.webhooks.deliver()).map((sent) => sent.status)).toEqual([500, 500]);
    expect(seen).toEqual(['customer.updated', 'customer.created']);
    expect(await fake.webhooks.deliver()).toEqual([]);
    status = 200;
    fake.advance(60_000);
    fake.webhooks.lose(({ type }) => type === 'customer.created');
    fake.webhooks.duplicate();
    await fake.webhooks.deliver();
    expect(seen.slice(2)).toEqual(['customer.updated', 'customer.updated']);
    fake.advance(3 * DAY);
    expect(await fake.webhooks.deliver()).toEqual([]);
    endpoint.close();
    endpoint.closeAllConnections();
  });
});
