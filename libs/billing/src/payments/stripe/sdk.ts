import { createRequire } from 'node:module';
import type Stripe from 'stripe';

const load = createRequire(import.meta.url);
let loaded: typeof Stripe | undefined;

/** stripe-node, from its first use on: it is hundreds of files, and most installations go without it. */
export function stripeSdk(): typeof Stripe {
  return (loaded ??= load('stripe') as typeof Stripe);
}
