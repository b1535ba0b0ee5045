import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { FakeStripe } from './fake-stripe.js';
import { clientOf } from './testing/client-of.js';

const DAY = 86_400_000;

let fake: FakeStripe;
let stripe: Stripe;

beforeEach(async () => {
  fake = await new FakeStripe(new Date('2026-11-01T00:00:00Z')).start();
  stripe = clientOf(fake);
});
afterEach(() => fake.stop());

describe('what goes wrong', () => {
  const make = (key: string, name = 'A') =>
    stripe.customers.create({ name }, { idempotencyKey: key });
  const count = async () => (await stripe.customers.list({ limit: 100 })).data.length;

  test('the same idempotency key is answered the same for a day, another body refused, then it is new', async () => {
    const { id } = await make('k');
    expect((await make('k')).id).toBe(id);
    await expect(make('k', 'B')).rejects.toMatchObject({ type: 'StripeIdempotencyError' });
    fake.advance(DAY);
    expect((await make('k', 'B')).id).not.toBe(id);
  });

  test('an answer lost after success is the same answer under the same key', async () => {
    // stripe-node tries a cut connection once more by itself.
    fake.faults.add({ on: 'POST /v1/customers', kind: 'lost', times: 2 });
    await expect(make('k')).rejects.toMatchObject({ type: 'StripeConnectionError' });
    expect(await count()).toBe(1);
    await make('k');
    expect(await count()).toBe(1);
  });

  test('a 500 is kept under its key, a 429 and a 409 are not', async () => {
    fake.faults.add(
      { on: 'POST /v1/customers', kind: 'rate' },
      { on: 'POST /v1/customers', kind: 'conflict' },
      { on: 'POST /v1/customers', kind: 'error' },
    );
    await expect(make('a')).rejects.toMatchObject({
      statusCode: 429,
      headers: { 'retry-after': '2' },
    });
    await expect(make('b')).rejects.toMatchObject({ statusCode: 409 });
    await expect(make('c')).rejects.toMatchObject({ statusCode: 500 });
    await make('a');
    await make('b');
    await expect(make('c')).rejects.toMatchObject({
      statusCode: 500,
      headers: { 'idempotent-replayed': 'true' },
    });
    expect(await count()).toBe(2);
  });

  test('a request that never gets its answer was done all the same', async () => {
    stripe = clientOf(fake, 300);
    fake.faults.add({ on: 'POST /v1/customers', kind: 'silent' });
    await expect(make('k')).rejects.toMatchObject({ type: 'StripeConnectionError' });
    expect(await count()).toBe(1);
  });

  test('a wrong key is refused', async () => {
    const { hostname, port } = new URL(fake.url);
    const stranger = new Stripe('sk_wrong', { host: hostname, port, protocol: 'http' });
    await expect(stranger.customers.list()).rejects.toMatchObject({ statusCode: 401 });
  });
});
