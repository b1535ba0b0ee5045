import type { Database, Log } from '#database';
import type Stripe from 'stripe';

/** What everything here works with. */
export interface StripeParts {
  readonly stripe: Stripe;
  readonly database: Database;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called between every two steps that a crash could part: a test crashes there. */
  readonly step?: (name: string) => void;
}
