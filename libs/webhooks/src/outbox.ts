import type { WebhookEventType } from '#contracts';
import type { Tx } from '#database';

/** Something that happened, for the tenant's endpoints. */
export interface WebhookEvent {
  readonly tenantId: string;
  /** null: it concerns the tenant as a whole. */
  readonly appId: string | null;
  readonly type: WebhookEventType;
  /** What is sent as `data`. */
  readonly data: Readonly<Record<string, unknown>>;
  /**
   * The same key is taken once per tenant, however often it is emitted. Left out: each call is an
   * event of its own.
   */
  readonly key?: string;
  /** Events with the same order key reach an endpoint that asks for order one after another. */
  readonly orderKey?: string;
}

/** Notes the event in the transaction that makes it true. */
export async function emitEvent(_tx: Tx, _event: WebhookEvent): Promise<void> {}
