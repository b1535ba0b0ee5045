import type { WebhookEventType } from '#contracts';
import type { Tx } from '#database';
import { noteEvents } from './event-notes.js';

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

/**
 * Notes the event in the transaction that makes it true. A tenant that has no endpoint for it costs
 * nothing.
 */
export async function emitEvent(tx: Tx, event: WebhookEvent): Promise<void> {
  const { data, ...rest } = event;
  await noteEvents(tx, [{ ...rest, data: JSON.stringify(data), channel: null, at: new Date() }]);
}
