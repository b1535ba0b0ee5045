import type { Invoice, Prisma, Tx } from '#database';
import { SYSTEM, type Actor, type BillingHooks } from '../hooks.js';
import { newBillingId } from '../ids.js';
import { reverse } from '../ledger/post.js';

/** What can be done to an invoice from outside. Drawing up and making final is InvoicingRun's. */
export class Invoices {
  constructor(private readonly hooks: BillingHooks) {}

  /** Notes what the provider calls it (`stripeInvoiceId`, …); what was noted before stays beside it. */
  async attachExternal(
    tx: Tx,
    {
      tenantId,
      invoiceId,
      external,
    }: {
      tenantId: string;
      invoiceId: string;
      external: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const invoice = await lock(tx, tenantId, invoiceId);
    if (!invoice) return;
    const merged = { ...(invoice.external as Record<string, string>), ...external };
    await tx.invoice.update({ where: { id: invoiceId }, data: { external: merged } });
  }

  /** The invoice that a tenant's period ended with; null until the period has ended. */
  ofPeriod(tx: Tx, tenantId: string, periodEnd: Date): Promise<Invoice | null> {
    return tx.invoice.findFirst({
      where: { tenantId, periodEnd, state: { not: 'void' } },
      orderBy: { revision: 'desc' },
    });
  }

  /**
   * Takes a final invoice back: its postings are reversed and its credits given back. What it billed
   * counts as unbilled again; with `redraw` the period gets a new draft at once.
   * @returns false when it is void already. A paid one, or a draft, is not voided.
   */
  async void(
    tx: Tx,
    {
      tenantId,
      invoiceId,
      redraw = false,
      actor = SYSTEM,
    }: {
      tenantId: string;
      invoiceId: string;
      redraw?: boolean;
      actor?: Actor;
    },
  ): Promise<boolean> {
    const invoice = await lock(tx, tenantId, invoiceId);
    if (invoice?.state !== 'open' || invoice.paidMicro > 0n) return false;
    const at = new Date(this.hooks.now());
    for (const what of ['invoice', 'credit', 'usage', 'usage-late']) {
      await reverse(tx, { tenantId, extRef: `${what}:${invoiceId}`, at });
    }
    const uses = await tx.creditUse.findMany({ where: { invoiceId } });
    for (const { creditGrantId, amountMicro } of uses) {
      await tx.creditGrant.update({
        where: { id: creditGrantId },
        data: { remainingMicro: { increment: amountMicro } },
      });
    }
    await tx.creditUse.deleteMany({ where: { invoiceId } });
    await returnCoupons(tx, tenantId, invoiceId);
    await tx.invoice.update({
      where: { id: invoiceId },
      data: { state: 'void', voidedAt: at },
    });
    if (redraw) await redrawn(tx, invoice, at);
    const { number } = invoice;
    await this.hooks.audit(tx, { tenantId, actor, action: 'invoice.voided', target: invoiceId });
    await this.hooks.emit(tx, {
      tenantId,
      type: 'invoice.voided',
      data: { invoiceId, number },
      key: `invoice.voided:${invoiceId}`,
    });
    return true;
  }
}

async function lock(tx: Tx, tenantId: string, id: string): Promise<Invoice | null> {
  await tx.$executeRaw`SELECT FROM invoice WHERE id = ${id} FOR UPDATE`;
  return tx.invoice.findFirst({ where: { id, tenantId } });
}

async function redrawn(tx: Tx, invoice: Invoice, at: Date): Promise<void> {
  const { tenantId, currency, periodStart, periodEnd, wholeHours, provider, revision } = invoice;
  const data: Prisma.InvoiceCreateManyInput = {
    ...{ tenantId, currency, periodStart, periodEnd, wholeHours, provider },
    id: newBillingId('inv'),
    revision: revision + 1,
    finalizesAt: at,
  };
  await tx.invoice.createMany({ data: [data], skipDuplicates: true });
}

/** An invoice that does not count has used up no coupon. */
async function returnCoupons(tx: Tx, tenantId: string, invoiceId: string): Promise<void> {
  const discounts = await tx.invoiceLine.findMany({ where: { invoiceId, kind: 'discount' } });
  for (const { detail } of discounts) {
    await tx.tenantCoupon.updateMany({
      where: { tenantId, code: (detail as { code: string }).code, remaining: { not: null } },
      data: { remaining: { increment: 1 } },
    });
  }
}
