import type { Meter } from '#contracts';
import type { Database } from '#database';
import type { FinalInvoice } from '../port.js';

/**
 * What Stripe has taken from us for a meter in the period of an invoice, in the meter's units: the newest
 * version of each hour. null while there is an hour whose newest version it has not taken, or was never
 * told: what Stripe has counted is no proof of anything then.
 */
export async function takenUnits(
  database: Database,
  { tenantId, periodStart, periodEnd }: FinalInvoice,
  meter: Meter,
): Promise<bigint | null> {
  const [row] = await database.asSystem(
    (tx) => tx.$queryRaw<{ units: bigint | null; open: bigint }[]>`
      SELECT sum(units)::bigint AS units, count(*) FILTER (WHERE state <> 'sent') AS open
      FROM (
        SELECT DISTINCT ON (hour) hour, units, state FROM stripe_hour
        WHERE tenant_id = ${tenantId} AND meter = ${meter}
          AND hour >= ${periodStart} AND hour < ${periodEnd}
        ORDER BY hour, version DESC
      ) newest`,
  );
  return row && row.open === 0n ? row.units : null;
}
