import { Pricing, type Upcoming } from '#contracts';
import type { Plan, Subscription, Tx } from '#database';
import { nextFullHour } from '../hours.js';
import type { RatedPeriod } from '../rating/rate.js';
import { draw, type Drawing } from './draw.js';
import { shownLine } from './explain.js';
import { loadPeriod } from './rated-period.js';

export interface PlanWish {
  readonly plan: Plan;
  readonly interval: 'month' | 'year';
}

/**
 * What the running period costs by what was used so far, base fees to its end included; with a plan in
 * mind, as if that plan held from the next full hour on.
 */
export async function upcoming(
  tx: Tx,
  subscription: Subscription,
  now: Date,
  wish?: PlanWish,
): Promise<Upcoming> {
  const period = await loadPeriod(tx, subscription);
  const drawing = await draw(tx, subscription, wish ? withPlan(period, now, wish) : period);
  const { tenantId, currency } = subscription;
  return { ...(await withCredits(tx, tenantId, currency, drawing, now)), ...bounds(subscription) };

  function bounds({ periodStart, periodEnd }: Subscription) {
    return {
      periodStart: periodStart.toISOString(),
      periodEnd: periodEnd.toISOString(),
      asOf: now.toISOString(),
    };
  }
}

function withPlan(period: RatedPeriod, now: Date, { plan, interval }: PlanWish): RatedPeriod {
  const from = nextFullHour(now).getTime();
  const end = period.segments.at(-1)?.to ?? from;
  const kept = period.segments
    .filter((segment) => segment.from < from)
    .map((segment) => ({ ...segment, to: Math.min(segment.to, from) }));
  if (from >= end) return period;
  const added = {
    ...{ from, to: end, interval, planId: plan.id, planName: plan.name },
    ...{ pricing: Pricing.parse(plan.pricing), free: false },
  };
  return { ...period, segments: [...kept, added] };
}

async function withCredits(
  tx: Tx,
  tenantId: string,
  currency: string,
  { lines, totals }: Drawing,
  now: Date,
) {
  const { _sum } = await tx.creditGrant.aggregate({
    where: { tenantId, currency, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    _sum: { remainingMicro: true },
  });
  const credit = _sum.remainingMicro ?? 0n;
  const total = totals.totalMicro;
  const used = total <= 0n ? 0n : credit < total ? credit : total;
  return {
    currency,
    subtotalMicro: String(totals.subtotalMicro),
    discountMicro: String(totals.discountMicro),
    taxMicro: String(totals.taxMicro),
    totalMicro: String(total),
    creditMicro: String(used),
    dueMicro: String(total - used),
    lines: lines.map(shownLine),
  };
}
