import { METERS, Pricing, type Meter } from '#contracts';
import type { Tx } from '#database';
import { segmentsWithin } from '../plans/segments.js';
import type { HourUsage, RatedPeriod, RatedSegment } from '../rating/rate.js';

export interface PeriodBounds {
  readonly tenantId: string;
  readonly currency: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly wholeHours: number;
}

/** A period as it is rated: its segments with the prices that each began with. */
export async function loadPeriod(tx: Tx, bounds: PeriodBounds): Promise<RatedPeriod> {
  const { tenantId, currency, periodStart, periodEnd, wholeHours } = bounds;
  const rows = await segmentsWithin(tx, tenantId, periodStart, periodEnd);
  const plans = await tx.plan.findMany({
    where: { id: { in: rows.map(({ planId }) => planId) } },
    select: { id: true, name: true },
  });
  const names = new Map(plans.map(({ id, name }) => [id, name]));
  const segments = rows.map((row): RatedSegment => ({
    from: row.startsAt.getTime(),
    to: row.endsAt.getTime(),
    planId: row.planId,
    planName: names.get(row.planId) ?? row.planId,
    pricing: Pricing.parse(row.pricing),
    interval: row.interval,
    free: row.free,
  }));
  return { start: periodStart.getTime(), currency, wholeHours, segments };
}

/** What was used, by meter and hour, over all apps and keys; of one app where it is named. */
export async function loadUsage(
  tx: Tx,
  tenantId: string,
  from: Date,
  to: Date,
  appId: string | null = null,
): Promise<HourUsage[]> {
  // The sum of bigints is a numeric, which Prisma would hand out as a decimal.
  const rows = await tx.$queryRaw<{ meter: string; hour: Date; units: string }[]>`
    SELECT meter, hour, sum(units)::text AS units FROM usage_hour
    WHERE tenant_id = ${tenantId} AND hour >= ${from} AND hour < ${to}
      AND (${appId}::text IS NULL OR app_id = ${appId}::text)
    GROUP BY meter, hour ORDER BY meter, hour`;
  return rows.flatMap(({ meter, hour, units }) =>
    // A meter of a newer release: it has no price here, and is billed once there is one.
    meter in METERS ? [{ meter: meter as Meter, hour: hour.getTime(), units: BigInt(units) }] : [],
  );
}
