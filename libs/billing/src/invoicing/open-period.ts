import type { Tx } from '#database';
import { newBillingId } from '../ids.js';

/** Milliseconds that a draft waits for usage that comes late. */
export const GRACE_MS = 3_600_000;

export interface EndedPeriod {
  readonly tenantId: string;
  readonly currency: string;
  readonly start: Date;
  readonly end: Date;
  readonly wholeHours: number;
  readonly provider: string;
}

/**
 * Notes that a period has ended: an empty draft, which the invoicing worker fills and makes final.
 * Written in the transaction that moves the period on, so that no hour is lost between the two.
 */
export async function openDraft(tx: Tx, period: EndedPeriod): Promise<void> {
  const { tenantId, currency, start, end, wholeHours, provider } = period;
  if (start >= end) return;
  await tx.invoice.createMany({
    data: [
      {
        id: newBillingId('inv'),
        tenantId,
        currency,
        periodStart: start,
        periodEnd: end,
        wholeHours,
        provider,
        finalizesAt: new Date(end.getTime() + GRACE_MS),
      },
    ],
    skipDuplicates: true,
  });
}
