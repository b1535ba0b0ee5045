import type { WebhookEventType } from '#contracts';
import type { Tx } from '#database';

/** Who did it, and from where when it was a person. */
export interface Actor {
  readonly id: string;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
}

/** Time did it. */
export const SYSTEM: Actor = { id: 'system' };

/**
 * What billing needs of its surroundings, handed in: this lib knows neither webhooks nor the audit log.
 * All of it runs in the transaction that makes it true.
 */
export interface BillingHooks {
  /** Tells the tenant's endpoints; the same key is told once. */
  readonly emit: (
    tx: Tx,
    event: {
      readonly tenantId: string;
      readonly type: WebhookEventType;
      readonly data: Readonly<Record<string, unknown>>;
      readonly key: string;
    },
  ) => Promise<void>;
  readonly audit: (
    tx: Tx,
    fact: {
      readonly tenantId: string;
      readonly actor: Actor;
      readonly action: string;
      readonly target: string;
      readonly before?: Readonly<Record<string, unknown>>;
      readonly after?: Readonly<Record<string, unknown>>;
    },
  ) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
