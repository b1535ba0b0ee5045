import Stripe from 'stripe';
import type { FakeStripe } from '../fake-stripe.js';

/** Stripe's own library, asking the fake. @param timeout milliseconds */
export function clientOf({ url }: FakeStripe, timeout = 5_000): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe('sk_test_fake', {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout,
    telemetry: false,
  });
}
