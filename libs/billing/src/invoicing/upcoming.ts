import type { Upcoming } from '#contracts';
import type { Subscription, Tx } from '#database';
import { draw, type Drawing } from './draw.js';
import { shownLine } from './explain.js';

/** What the running period costs by what was used so far, base fees to its end included. */
export async function upcoming(tx: Tx, subscription: Subscription, now: Date): Promise<Upcoming> {
  const drawing = await draw(tx, subscription);
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
