import type { Tx } from '#database';
import { adjust, type BilledShare, type Correction } from '../rating/adjust.js';
import { rate } from '../rating/rate.js';
import { loadPeriod, loadUsage } from './rated-period.js';

/** How many ended periods are looked at again. Usage that comes later than that costs nothing. */
const LOOK_BACK = 3;

export interface PeriodCorrection extends Correction {
  readonly periodStart: Date;
}

/** What the periods before this one cost by what is known now, less what final invoices billed of them. */
export async function corrections(
  tx: Tx,
  tenantId: string,
  currency: string,
  before: Date,
): Promise<PeriodCorrection[]> {
  const invoices = await tx.invoice.findMany({
    where: { tenantId, currency, periodStart: { lt: before }, state: { in: ['open', 'paid'] } },
    orderBy: { periodStart: 'desc' },
    take: LOOK_BACK,
  });
  const found: PeriodCorrection[] = [];
  for (const invoice of invoices.reverse()) {
    const { periodStart, periodEnd } = invoice;
    const truth = rate(
      await loadPeriod(tx, invoice),
      await loadUsage(tx, tenantId, periodStart, periodEnd),
    );
    const billed = await billedOf(tx, tenantId, periodStart);
    found.push(...adjust(truth, billed).map((one) => ({ ...one, periodStart })));
  }
  return found;
}

/** What all final lines billed of one period, by segment and meter. */
async function billedOf(tx: Tx, tenantId: string, periodStart: Date): Promise<BilledShare[]> {
  const lines = await tx.invoiceLine.findMany({
    where: {
      tenantId,
      periodStart,
      kind: { in: ['base', 'usage', 'adjustment'] },
      invoice: { state: { in: ['open', 'paid'] } },
    },
    include: { hours: true },
  });
  const shares = new Map<string, BilledShare & { hours: Map<number, bigint> }>();
  for (const line of lines) {
    const key = `${line.planId}|${line.meter}|${line.fromHour.getTime()}`;
    const share = shares.get(key);
    const hours = share?.hours ?? new Map<number, bigint>();
    for (const { hour, units } of line.hours) {
      hours.set(hour.getTime(), (hours.get(hour.getTime()) ?? 0n) + units);
    }
    shares.set(key, {
      planId: line.planId,
      meter: line.meter,
      from: line.fromHour.getTime(),
      to: line.toHour.getTime(),
      units: (share?.units ?? 0n) + line.units,
      amountMicro: (share?.amountMicro ?? 0n) + line.amountMicro,
      hours,
    });
  }
  return [...shares.values()];
}
