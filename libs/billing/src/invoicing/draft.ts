import type { Invoice, Prisma, Tx } from '#database';
import type { BillingHooks } from '../hooks.js';
import { post } from '../ledger/post.js';
import { draw, type Drawing } from './draw.js';
import type { Failpoint } from './failpoints.js';

/** Fills an ended period's draft, the first time: what was earned is in the books from here on. */
export async function fillDraft(
  tx: Tx,
  hooks: BillingHooks,
  invoice: Invoice,
  failpoint: Failpoint,
): Promise<void> {
  const { id: invoiceId, tenantId, currency } = invoice;
  const drawing = await draw(tx, invoice);
  await writeLines(tx, invoice, drawing);
  failpoint('draw:lines');
  await accrue(tx, invoice, `usage:${invoiceId}`, drawing.totals.netMicro);
  failpoint('draw:posted');
  const drawnAt = new Date(hooks.now());
  await tx.invoice.update({ where: { id: invoiceId }, data: { drawnAt } });
  await hooks.emit(tx, {
    tenantId,
    type: 'invoice.created',
    data: { invoiceId, currency, totalMicro: String(drawing.totals.totalMicro) },
    key: `invoice.created:${invoiceId}`,
  });
}

/** Puts a drawing in the place of what the draft said before. */
export async function writeLines(tx: Tx, invoice: Invoice, drawing: Drawing): Promise<void> {
  const { id: invoiceId, tenantId } = invoice;
  await tx.invoiceLine.deleteMany({ where: { invoiceId } });
  await tx.invoiceLine.createMany({
    data: drawing.lines.map(({ hours: _hours, detail, ...line }) => ({
      ...line,
      ...{ invoiceId, tenantId, detail: detail as Prisma.InputJsonValue },
    })),
  });
  await tx.invoiceLineHour.createMany({
    data: drawing.lines.flatMap(({ n, hours }) =>
      hours.map(({ hour, units }) => ({ invoiceId, tenantId, n, hour: new Date(hour), units })),
    ),
  });
  const { subtotalMicro, discountMicro, taxMicro, totalMicro } = drawing.totals;
  await tx.invoice.update({
    where: { id: invoiceId },
    data: { subtotalMicro, discountMicro, taxMicro, totalMicro, dueMicro: totalMicro },
  });
}

/** Earned, and on no final invoice yet. */
export async function accrue(tx: Tx, invoice: Invoice, extRef: string, netMicro: bigint) {
  const { tenantId, currency, periodEnd } = invoice;
  await post(tx, {
    ...{ tenantId, currency, extRef, kind: 'usage', at: periodEnd },
    entries: [
      { account: 'usage_unbilled', amountMicro: netMicro },
      { account: 'revenue', amountMicro: -netMicro },
    ],
  });
}
