import type { Meter } from '#contracts';
import type { Database } from '#database';
import type { FinalInvoice } from '../port.js';

export interface ToldUnits {
  /** What Stripe has taken: it must say the same. */
  readonly taken: bigint;
  /** What it did not take and an operator has given up to tell: a line of ours charges it. */
  readonly forgone: bigint;
}

/**
 * What Stripe was told of a meter in the period of an invoice, in the meter's units: the newest version of
 * each hour. null while there is an hour whose newest version it has not taken, or was never told: what
 * Stripe has counted is no proof of anything then.
 */
export async function toldUnits(
  database: Database,
  { tenantId, periodStart, periodEnd }: FinalInvoice,
  meter: Meter,
): Promise<ToldUnits | null> {
  const [row] = await database.asSystem(
    (tx) => tx.$queryRaw<(ToldUnits & { hours: bigint; open: bigint })[]>`
      SELECT coalesce(sum(units) FILTER (WHERE state = 'sent'), 0)::bigint AS taken,
        coalesce(sum(units) FILTER (WHERE state = 'forgone'), 0)::bigint AS forgone,
        count(*) AS hours, count(*) FILTER (WHERE state NOT IN ('sent', 'forgone')) AS open
      FROM (
        SELECT DISTINCT ON (hour) hour, units, state FROM stripe_hour
        WHERE tenant_id = ${tenantId} AND meter = ${meter}
          AND hour >= ${periodStart} AND hour < ${periodEnd}
        ORDER BY hour, version DESC
      ) newest`,
  );
  return row && row.open === 0n && row.hours > 0n ? row : null;
}
