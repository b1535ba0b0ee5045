import type { Tx } from '#database';
import { HOUR_MS } from '../../hours.js';
import { SUMMED_METERS } from './names.js';
import type { StripeParts } from './parts.js';

/** Milliseconds after its end at which an hour is sealed: what comes later makes a new version. */
export const SEAL_MS = 15 * 60_000;
/** Stripe takes hours of the last 35 days; the last of them is left for attempts to send. */
const REACH_MS = 34 * 24 * HOUR_MS;

/**
 * Writes the outbox: for each hour that is over, of the tenants that pay through Stripe, its total as a
 * first version, or as a new one where the total is no longer what was written last. One statement: an
 * hour's total and its row are of one moment, and to run it again changes nothing.
 * @returns how many rows were written
 */
export async function sealHours(
  parts: Pick<StripeParts, 'database' | 'now'>,
  reachMs = REACH_MS,
): Promise<number> {
  const now = new Date(parts.now());
  const since = new Date(now.getTime() - reachMs);
  // The last hour whose end is a quarter of an hour ago.
  const upTo = new Date(now.getTime() - SEAL_MS - HOUR_MS);
  return parts.database.asSystem(
    (tx) => tx.$executeRaw`
      INSERT INTO stripe_hour (tenant_id, meter, hour, version, units, next_at)
      SELECT u.tenant_id, u.meter, u.hour, coalesce(last.version, 0) + 1, u.units, ${now}
      FROM (
        SELECT h.tenant_id, h.meter, h.hour, sum(h.units)::bigint AS units
        FROM usage_hour h JOIN stripe_customer c USING (tenant_id)
        WHERE h.hour >= ${since} AND h.hour <= ${upTo} AND h.meter = ANY(${[...SUMMED_METERS]})
          AND h.hour >= c.reports_from AND (c.reports_until IS NULL OR h.hour < c.reports_until)
          AND c.deleted_at IS NULL
        GROUP BY h.tenant_id, h.meter, h.hour
      ) u
      LEFT JOIN LATERAL (
        SELECT s.version, s.units FROM stripe_hour s
        WHERE (s.tenant_id, s.meter, s.hour) = (u.tenant_id, u.meter, u.hour)
        ORDER BY s.version DESC LIMIT 1
      ) last ON true
      WHERE last.units IS DISTINCT FROM u.units
      ON CONFLICT DO NOTHING`,
    { timeoutMs: 30_000 },
  );
}

/** Writes one version by hand, for who has sealed the hour elsewhere. A version that is there stays. */
export async function noteHour(
  tx: Tx,
  now: Date,
  row: {
    readonly tenantId: string;
    readonly meter: string;
    readonly hour: Date;
    readonly version: number;
    readonly units: bigint;
  },
): Promise<void> {
  const { tenantId, meter, hour, version, units } = row;
  await tx.stripeHour.createMany({
    data: [{ tenantId, meter, hour, version, units, nextAt: now }],
    skipDuplicates: true,
  });
}
