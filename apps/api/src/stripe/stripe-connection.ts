import { StripeAdapter, stripeClient } from '#billing';
import type { Database } from '#database';
import type { Logger } from '#platform';
import type { BillingParts } from '../billing/billing-parts.js';
import type { Settings } from '../settings.js';

/** The adapter to Stripe when the environment names an account there. A class, so that Nest can hand it out. */
export class StripeConnection {
  constructor(
    /** null: not connected. */
    readonly adapter: StripeAdapter | null,
  ) {}

  static open(
    settings: Settings,
    database: Database,
    billing: BillingParts,
    log: Logger,
  ): StripeConnection {
    if (settings.stripe === null) return new StripeConnection(null);
    const parts = {
      stripe: stripeClient(settings.stripe),
      database,
      now: billing.hooks.now,
      log: {
        info: (text: string) => log.info(text),
        warn: (text: string) => log.warn(text),
        error: (text: string) => log.error(text),
      },
    };
    return new StripeConnection(new StripeAdapter(parts, billing.hooks));
  }
}
