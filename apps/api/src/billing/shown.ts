import { shownLine } from '#billing';
import type {
  Invoice as ShownInvoice,
  InvoiceWithLines,
  Subscription as ShownSubscription,
} from '#contracts';
import type { Invoice, Subscription, Tx } from '#database';

export function shownSubscription(row: Subscription): ShownSubscription {
  const { planId, state, interval, currency, provider } = row;
  return {
    ...{ planId, state, interval, currency, provider },
    periodStart: row.periodStart.toISOString(),
    periodEnd: row.periodEnd.toISOString(),
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAt: row.cancelAt?.toISOString() ?? null,
  };
}

export function shownInvoice(row: Invoice): ShownInvoice {
  const { id, tenantId, number, state, currency, provider } = row;
  return {
    ...{ id, tenantId, number, state, currency, provider },
    periodStart: row.periodStart.toISOString(),
    periodEnd: row.periodEnd.toISOString(),
    subtotalMicro: String(row.subtotalMicro),
    discountMicro: String(row.discountMicro),
    taxMicro: String(row.taxMicro),
    totalMicro: String(row.totalMicro),
    creditMicro: String(row.creditMicro),
    dueMicro: String(row.dueMicro),
    paidMicro: String(row.paidMicro),
    finalizesAt: row.finalizesAt.toISOString(),
    finalizedAt: row.finalizedAt?.toISOString() ?? null,
    dueAt: row.dueAt?.toISOString() ?? null,
    paidAt: row.paidAt?.toISOString() ?? null,
  };
}

/** With lines and payments; null where there is no such invoice. */
export async function wholeInvoice(
  tx: Tx,
  id: string,
  tenantId?: string,
): Promise<InvoiceWithLines | null> {
  const row = await tx.invoice.findFirst({
    where: { id, ...(tenantId === undefined ? {} : { tenantId }) },
    include: { lines: { orderBy: { n: 'asc' } }, payments: { orderBy: { at: 'asc' } } },
  });
  if (!row) return null;
  return {
    ...shownInvoice(row),
    lines: row.lines.map(shownLine),
    payments: row.payments.map(({ ref, state, amountMicro, at }) => ({
      ...{ ref, state },
      amountMicro: String(amountMicro),
      at: at.toISOString(),
    })),
  };
}
