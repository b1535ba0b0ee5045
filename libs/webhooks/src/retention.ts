import type { Database } from '#database';
import { PATIENT } from './patience.js';

/** Days that events, deliveries and their log are kept: so long can they be replayed. */
export const KEPT_DAYS = 14;
/** Deliveries that are through, of one endpoint; the oldest make room. */
export const KEPT_PER_ENDPOINT = 10_000;
/** Rows removed in one transaction. */
const BATCH = 1_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Removes what is older than it is kept for, and what is more than an endpoint's log holds. In small
 * transactions: nobody waits for it.
 */
export async function forgetOld(database: Database, now: number): Promise<number> {
  const before = new Date(now - KEPT_DAYS * DAY_MS);
  const events = await repeat(() =>
    database.asSystem(
      (tx) => tx.$executeRaw`
        DELETE FROM webhook_event WHERE id IN (
          SELECT id FROM webhook_event
          WHERE at < ${before} AND fanned_out_at IS NOT NULL LIMIT ${BATCH})`,
      PATIENT,
    ),
  );
  const endpoints = await database.asSystem(
    (tx) => tx.$queryRaw<{ endpoint_id: string }[]>`
      SELECT endpoint_id FROM webhook_delivery WHERE status <> 'pending'
      GROUP BY endpoint_id HAVING count(*) > ${KEPT_PER_ENDPOINT}`,
    PATIENT,
  );
  let deliveries = 0;
  for (const { endpoint_id: endpointId } of endpoints) {
    deliveries += await repeat(() =>
      database.asSystem(
        (tx) => tx.$executeRaw`
          DELETE FROM webhook_delivery WHERE id IN (
            SELECT id FROM (
              SELECT id, seq FROM webhook_delivery
              WHERE endpoint_id = ${endpointId} AND status <> 'pending'
              ORDER BY seq DESC OFFSET ${KEPT_PER_ENDPOINT}) AS old
            ORDER BY seq LIMIT ${BATCH})`,
        PATIENT,
      ),
    );
  }
  return events + deliveries;
}

async function repeat(remove: () => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const removed = await remove();
    total += removed;
    if (removed < BATCH) return total;
  }
}
