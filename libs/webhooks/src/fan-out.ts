import type { Database } from '#database';
import { PATIENT } from './patience.js';

/** Events of one transaction. */
const BATCH = 200;
/** Deliveries that wait for one endpoint at most; what comes on top goes to its dead letters at once. */
const MAX_PENDING = 50_000;

/**
 * Makes one delivery for each event and endpoint that wants it: enabled, of that app, type and channel,
 * and there before the event happened. One process at a time, so that deliveries stand in the events'
 * order.
 * @returns how many events were fanned out; 0: there is nothing to do, or another process does it.
 */
export function fanOut(database: Database, now: Date): Promise<number> {
  return database.asSystem(async (tx) => {
    const [lock] = await tx.$queryRaw<{ got: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtextextended('webhook fan-out', 0)) AS got`;
    if (!lock?.got) return 0;
    const events = await tx.webhookEvent.findMany({
      where: { fannedOutAt: null },
      orderBy: { seq: 'asc' },
      take: BATCH,
      select: { id: true },
    });
    if (events.length === 0) return 0;
    const ids = events.map(({ id }) => id);
    await tx.$executeRaw`
      WITH wanted AS (
        SELECT e.id AS event_id, e.seq, e.tenant_id, w.id AS endpoint_id,
          CASE WHEN w.ordered THEN e.order_key END AS order_key
        FROM webhook_event e JOIN webhook_endpoint w ON w.tenant_id = e.tenant_id AND w.enabled
        WHERE e.id = ANY (${ids}) AND webhook_wants(w, e)
      ), crowded AS (
        SELECT endpoint_id FROM webhook_delivery
        WHERE status = 'pending' AND endpoint_id IN (SELECT endpoint_id FROM wanted)
        GROUP BY endpoint_id HAVING count(*) >= ${MAX_PENDING}
      )
      INSERT INTO webhook_delivery
        (id, tenant_id, endpoint_id, event_id, order_key, status, next_attempt_at, finished_at, last_error)
      SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), tenant_id, endpoint_id, event_id, order_key,
        CASE WHEN c THEN 'dead' ELSE 'pending' END::webhook_delivery_status,
        CASE WHEN c THEN NULL ELSE ${now}::timestamptz END,
        CASE WHEN c THEN ${now}::timestamptz END,
        CASE WHEN c THEN 'too many deliveries wait for this endpoint' END
      FROM (SELECT *, endpoint_id IN (SELECT endpoint_id FROM crowded) AS c FROM wanted) AS w
      ORDER BY seq
      ON CONFLICT (endpoint_id, event_id) DO NOTHING`;
    await tx.webhookEvent.updateMany({
      where: { id: { in: ids } },
      data: { fannedOutAt: now },
    });
    return events.length;
  }, PATIENT);
}
