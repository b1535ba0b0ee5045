import type Stripe from 'stripe';
import { stripeSdk } from './sdk.js';

/** Milliseconds after which an answer is not waited for any longer. */
const TIMEOUT_MS = 20_000;

export interface StripeAccount {
  readonly secretKey: string;
  /** In place of api.stripe.com: a name, a name with a port, or a URL. */
  readonly host: string | null;
}

/**
 * stripe-node with our settings. It does not try again by itself (but for a connection that was closed):
 * what has to arrive is in an outbox, and people who wait are told to try again.
 */
export function stripeClient(account: StripeAccount, timeoutMs = TIMEOUT_MS): Stripe {
  return new (stripeSdk())(account.secretKey, {
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    appInfo: { name: 'Holdline' },
    ...(account.host === null ? {} : elsewhere(account.host)),
  });
}

function elsewhere(host: string): { host: string; port: string; protocol: 'http' | 'https' } {
  const url = new URL(host.includes('://') ? host : `https://${host}`);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { host: url.hostname, port: url.port || (protocol === 'http' ? '80' : '443'), protocol };
}
