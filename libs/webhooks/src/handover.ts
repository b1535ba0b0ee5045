import type { Database } from '#database';
import type { AttemptJob, AttemptQueue } from './attempt-queue.js';
import { PATIENT } from './patience.js';

const BATCH = 500;
/** An attempt that is this late was lost by the queue: it is handed over again. */
const LOST_MS = 15 * 60_000;

interface DueRow {
  id: string;
  endpoint_id: string;
  round: number;
  attempts: number;
  next_attempt_at: Date;
}

/**
 * Gives the queue what waits: of deliveries that have an order, the first of each order key alone, so
 * that the next one goes out when it is through. Handed over first and noted then: a crash in between
 * hands it over twice.
 * @returns how many were handed over.
 */
export async function handOver(
  database: Database,
  queue: AttemptQueue,
  now: Date,
): Promise<number> {
  const due = await database.asSystem(
    (tx) => tx.$queryRaw<DueRow[]>`
      SELECT d.id, d.endpoint_id, d.round, d.attempts, d.next_attempt_at
      FROM webhook_delivery d JOIN webhook_endpoint w ON w.id = d.endpoint_id
      WHERE d.status = 'pending' AND d.handed_at IS NULL AND w.enabled AND w.deleted_at IS NULL
        AND (d.order_key IS NULL OR NOT EXISTS (
          SELECT FROM webhook_delivery earlier
          WHERE earlier.endpoint_id = d.endpoint_id AND earlier.status = 'pending'
            AND earlier.order_key = d.order_key AND earlier.seq < d.seq))
      ORDER BY d.next_attempt_at, d.seq LIMIT ${BATCH}`,
    PATIENT,
  );
  if (due.length === 0) return 0;
  await queue.hand(due.map(jobOf));
  await database.asSystem(
    (tx) =>
      tx.webhookDelivery.updateMany({
        where: { id: { in: due.map(({ id }) => id) }, status: 'pending', handedAt: null },
        data: { handedAt: now },
      }),
    PATIENT,
  );
  return due.length;
}

/** What was handed over long ago and never came back is free to be handed over again. */
export async function reclaimLost(database: Database, now: Date): Promise<number> {
  const late = new Date(now.getTime() - LOST_MS);
  const { count } = await database.asSystem(
    (tx) =>
      tx.webhookDelivery.updateMany({
        where: { status: 'pending', handedAt: { lt: late }, nextAttemptAt: { lt: late } },
        data: { handedAt: null },
      }),
    PATIENT,
  );
  return count;
}

function jobOf(row: DueRow): AttemptJob {
  return {
    deliveryId: row.id,
    endpointId: row.endpoint_id,
    round: row.round,
    attempts: row.attempts,
    at: row.next_attempt_at,
  };
}
