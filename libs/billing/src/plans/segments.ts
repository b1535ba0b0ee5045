import type { Prisma, SubscriptionSegment, Tx } from '#database';

export interface Terms {
  readonly planId: string;
  readonly pricing: Prisma.InputJsonValue;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  /** Nothing is charged. */
  readonly free: boolean;
}

/**
 * These terms hold from an hour on, and what was planned after it does not. The same plan goes on under
 * the prices that it began the period with, unless a new period begins (`anew`).
 */
export async function setSegment(
  tx: Tx,
  tenantId: string,
  startsAt: Date,
  terms: Terms,
  anew: boolean,
): Promise<void> {
  await tx.subscriptionSegment.deleteMany({ where: { tenantId, startsAt: { gt: startsAt } } });
  const current = await tx.subscriptionSegment.findFirst({
    where: { tenantId, startsAt: { lte: startsAt } },
    orderBy: { startsAt: 'desc' },
  });
  if (current && !anew && sameTerms(current, terms)) return;
  await tx.subscriptionSegment.upsert({
    where: { tenantId_startsAt: { tenantId, startsAt } },
    create: { tenantId, startsAt, ...terms },
    update: terms,
  });
}

/** The segments that touch these hours, cut to them. */
export async function segmentsWithin(
  tx: Tx,
  tenantId: string,
  from: Date,
  to: Date,
): Promise<(SubscriptionSegment & { endsAt: Date })[]> {
  const rows = await tx.subscriptionSegment.findMany({
    where: { tenantId, startsAt: { lt: to } },
    orderBy: { startsAt: 'asc' },
  });
  return rows.flatMap((row, i) => {
    const next = rows[i + 1]?.startsAt ?? to;
    const startsAt = row.startsAt < from ? from : row.startsAt;
    return startsAt < next ? [{ ...row, startsAt, endsAt: next < to ? next : to }] : [];
  });
}

function sameTerms(segment: SubscriptionSegment, terms: Terms): boolean {
  return (
    segment.planId === terms.planId &&
    segment.interval === terms.interval &&
    segment.currency === terms.currency &&
    segment.free === terms.free
  );
}
