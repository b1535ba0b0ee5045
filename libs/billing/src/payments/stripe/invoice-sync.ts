import type { Invoice, Tx } from '#database';
import type Stripe from 'stripe';
import type { Invoices } from '../../invoicing/invoices.js';
import { PaymentRefused, type PaymentFacts, type Payments } from '../payments.js';
import type { Differences } from './differences.js';
import { paidMicro } from './invoice-lines.js';
import { META } from './names.js';
import type { StripeParts } from './parts.js';
import { idOf } from './subscription-facts.js';

/** Takes over what became of an invoice at Stripe: paid, failed, voided. */
export class InvoiceSync {
  constructor(
    private readonly parts: StripeParts,
    private readonly payments: Payments,
    private readonly invoices: Invoices,
    private readonly differences: Differences,
  ) {}

  async sync(id: string): Promise<void> {
    const invoice = await this.parts.stripe.invoices.retrieve(id);
    this.parts.step?.('invoice fetched');
    const ours = await this.parts.database.asSystem((tx) => find(tx, invoice));
    if (ours === null) return this.unknown(invoice);
    try {
      await this.parts.database.asSystem((tx) => this.apply(tx, invoice, ours));
    } catch (error) {
      if (!(error instanceof PaymentRefused)) throw error;
      await this.differences.raise({
        key: `payment:${id}`,
        kind: 'payment',
        tenantId: ours.tenantId,
        ours: `invoice ${ours.number ?? ours.id} is ${ours.state}`,
        theirs: `${invoice.amount_paid} ${invoice.currency} paid`,
        note: error.message,
      });
    }
    this.parts.step?.('invoice applied');
  }

  private async apply(tx: Tx, invoice: Stripe.Invoice, ours: Invoice): Promise<void> {
    const { tenantId, id: invoiceId } = ours;
    const external = { stripeInvoiceId: invoice.id };
    await this.invoices.attachExternal(tx, { tenantId, invoiceId, external });
    const facts = {
      tenantId,
      invoiceId,
      currency: invoice.currency.toUpperCase(),
      provider: 'stripe',
    };
    if (invoice.status === 'paid' && invoice.amount_paid > 0) {
      await this.paid(tx, invoice, facts);
    } else if (invoice.status === 'open' && invoice.attempt_count > 0) {
      await this.payments.fail(tx, {
        ...facts,
        amountMicro: paidMicro(invoice.amount_due, ours.dueMicro, ours.currency),
        ref: `stripe:${invoice.id}:attempt:${invoice.attempt_count}`,
        at: new Date(this.parts.now()),
        reason: 'Stripe could not collect the payment.',
      });
    } else if (invoice.status === 'void') {
      await this.invoices.void(tx, { tenantId, invoiceId });
    }
  }

  /** What Stripe has collected is ours: its balance counts as cash, paying it out is between banks. */
  private async paid(
    tx: Tx,
    invoice: Stripe.Invoice,
    facts: Omit<PaymentFacts, 'amountMicro' | 'ref' | 'at'>,
  ): Promise<void> {
    const ref = `stripe:${invoice.id}`;
    // Read under the lock: two payments of one invoice each see what is open then.
    await tx.$executeRaw`SELECT FROM invoice WHERE id = ${facts.invoiceId} FOR UPDATE`;
    const [row, known] = [
      await tx.invoice.findUniqueOrThrow({ where: { id: facts.invoiceId } }),
      await tx.payment.findUnique({ where: { ref } }),
    ];
    const paidAt = invoice.status_transitions.paid_at;
    const payment: PaymentFacts = {
      ...facts,
      ref,
      at: paidAt === null ? new Date(this.parts.now()) : new Date(paidAt * 1000),
      amountMicro:
        known?.amountMicro ??
        paidMicro(invoice.amount_paid, row.dueMicro - row.paidMicro, row.currency),
    };
    await this.payments.record(tx, payment);
    await this.payments.settle(tx, payment);
  }

  /** Stripe has charged for something that no invoice of ours says. */
  private async unknown(invoice: Stripe.Invoice): Promise<void> {
    const key = `invoice:${invoice.id}:unknown`;
    const isCharged = invoice.total !== 0 && ['open', 'paid'].includes(String(invoice.status));
    if (!isCharged) {
      await this.parts.database.asSystem((tx) => this.differences.settle(tx, [key]));
      return;
    }
    const customerId = idOf(invoice.customer) ?? '';
    const row = await this.parts.database.asSystem((tx) =>
      tx.stripeCustomer.findUnique({ where: { customerId } }),
    );
    await this.differences.raise({
      key,
      kind: 'invoice_unknown',
      tenantId: row?.tenantId ?? null,
      ours: 'no invoice',
      theirs: `${invoice.total} ${invoice.currency}`,
      note: `Stripe made ${invoice.id} final without us. Void or refund it there unless it was meant.`,
    });
  }
}

/** By the id that we wrote on it; what it says of another tenant's is believed of nobody. */
async function find(tx: Tx, invoice: Stripe.Invoice): Promise<Invoice | null> {
  const id = invoice.metadata?.[META.invoice];
  if (id === undefined) return null;
  const ours = await tx.invoice.findUnique({ where: { id } });
  const customerId = idOf(invoice.customer) ?? '';
  const customer = await tx.stripeCustomer.findUnique({ where: { customerId } });
  return ours && customer?.tenantId === ours.tenantId ? ours : null;
}
