import { randomBytes } from 'node:crypto';
import type { WebhookEventType } from '#contracts';
import type { Tx } from '#database';

/** Sent by POST /v1/webhooks/{id}/test alone: nobody subscribes to it, and it is not counted. */
export const TEST_EVENT = 'webhook.test';

export interface EventNote {
  readonly tenantId: string;
  readonly appId: string | null;
  readonly type: WebhookEventType;
  /** The JSON text of `data`. */
  readonly data: string;
  /** What the endpoints' patterns are matched with; null: it is not of a channel. */
  readonly channel: string | null;
  readonly at: Date;
  readonly key?: string;
  readonly orderKey?: string;
}

export function newEventId(): string {
  return `evt_${randomBytes(18).toString('base64url').replace(/[-_]/g, 'x')}`;
}

/** What is sent, byte for byte, at each attempt and to each endpoint. */
export function eventBody(note: {
  type: string;
  at: Date;
  appId: string | null;
  data: string;
}): string {
  const { type, at, appId, data } = note;
  return `{"type":"${type}","timestamp":"${at.toISOString()}","appId":${JSON.stringify(appId)},"data":${data}}`;
}

/** Notes events in the transaction of those that know of them; those that no endpoint wants are left out. */
export async function noteEvents(tx: Tx, notes: readonly EventNote[]): Promise<void> {
  if (notes.length === 0) return;
  const rows = notes.map((note) => ({
    id: newEventId(),
    tenant_id: note.tenantId,
    app_id: note.appId,
    type: note.type,
    channel: note.channel,
    body: eventBody(note),
    key: note.key ?? null,
    order_key: note.orderKey ?? null,
    at: note.at.toISOString(),
  }));
  await tx.$executeRaw`
    INSERT INTO webhook_event (id, tenant_id, app_id, type, channel, body, key, order_key, at)
    SELECT id, tenant_id, app_id, type, channel, body, key, order_key, at
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS e (
      id text, tenant_id text, app_id text, type text, channel text, body text, key text, order_key text,
      at timestamptz)
    WHERE EXISTS (
      SELECT FROM webhook_endpoint w
      WHERE w.tenant_id = e.tenant_id AND w.deleted_at IS NULL AND e.type = ANY (w.events)
        AND (w.app_id IS NULL OR w.app_id = e.app_id))
    ON CONFLICT (tenant_id, key) DO NOTHING`;
}
