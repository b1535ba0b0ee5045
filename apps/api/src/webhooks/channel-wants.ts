import type { WebhookEventType } from '#contracts';
import type { Tx } from '#database';

/** What one endpoint wants of one app's channels. */
export interface ChannelWant {
  readonly appId: string;
  readonly tenantId: string;
  readonly events: readonly string[];
  readonly channels: readonly string[];
  readonly createdAt: Date;
}

/** The endpoints of all tenants that want one of these types, once for each app that they hear of. */
export function channelWants(
  tx: Tx,
  types: readonly WebhookEventType[],
): Promise<readonly ChannelWant[]> {
  return tx.$queryRaw<ChannelWant[]>`
    SELECT a.id AS "appId", w.tenant_id AS "tenantId", w.events, w.channels, w.created_at AS "createdAt"
    FROM webhook_endpoint w JOIN app a ON a.tenant_id = w.tenant_id AND (w.app_id IS NULL OR w.app_id = a.id)
    WHERE w.deleted_at IS NULL AND a.status = 'active' AND w.events && ${types}::text[]
    ORDER BY w.id, a.id`;
}
