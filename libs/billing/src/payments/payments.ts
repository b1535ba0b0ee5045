import type { Invoice, Tx } from '#database';
import { SYSTEM, type Actor, type BillingHooks } from '../hooks.js';
import { newBillingId } from '../ids.js';
import { post } from '../ledger/post.js';

export interface PaymentFacts {
  readonly tenantId: string;
  readonly invoiceId: string;
  readonly amountMicro: bigint;
  readonly currency: string;
  /** What the one who collected calls it; the same one is taken once. */
  readonly ref: string;
  readonly provider: string;
  readonly at: Date;
  /** Who entered it; `system` unless a person did. */
  readonly actor?: Actor;
}

/** A payment that fits no invoice of the tenant, or not its currency. */
export class PaymentRefused extends Error {
  override readonly name = 'PaymentRefused';
}

/** Money that came, or did not. */
export class Payments {
  constructor(private readonly hooks: BillingHooks) {}

  /**
   * Takes a payment, once. The money is in cash_clearing until `settle` says that it has arrived.
   * @returns false when it is known already. @throws PaymentRefused
   */
  async record(tx: Tx, facts: PaymentFacts): Promise<boolean> {
    const invoice = await lockInvoice(tx, facts);
    if (!(await this.insert(tx, facts, 'succeeded'))) return false;
    const { tenantId, invoiceId, amountMicro, currency, ref, at } = facts;
    await post(tx, {
      tenantId,
      extRef: `payment:${ref}`,
      kind: 'payment',
      at,
      currency,
      entries: [
        { account: 'cash_clearing', amountMicro },
        { account: 'receivable', amountMicro: -amountMicro },
      ],
    });
    const paidMicro = invoice.paidMicro + amountMicro;
    const settled = invoice.state === 'open' && paidMicro >= invoice.dueMicro;
    await tx.invoice.update({
      where: { id: invoiceId },
      data: { paidMicro, ...(settled ? { state: 'paid' as const, paidAt: at } : {}) },
    });
    const after = { ref, amountMicro: String(amountMicro), currency };
    await this.audit(tx, facts, 'payment.recorded', after);
    if (settled) {
      await this.hooks.emit(tx, {
        tenantId,
        type: 'invoice.paid',
        data: { invoiceId, number: invoice.number, ...after },
        key: `invoice.paid:${invoiceId}`,
      });
    }
    return true;
  }

  /** The money of a payment has arrived in the bank: nothing of it is left in cash_clearing. */
  async settle(tx: Tx, facts: PaymentFacts): Promise<boolean> {
    const { tenantId, amountMicro, currency, ref, at } = facts;
    return post(tx, {
      tenantId,
      extRef: `settlement:${ref}`,
      kind: 'settlement',
      at,
      currency,
      entries: [
        { account: 'cash', amountMicro },
        { account: 'cash_clearing', amountMicro: -amountMicro },
      ],
    });
  }

  /** An attempt to collect failed; the invoice stays open. The same attempt is noted once. */
  async fail(tx: Tx, facts: PaymentFacts & { readonly reason: string }): Promise<boolean> {
    const invoice = await lockInvoice(tx, facts);
    if (!(await this.insert(tx, facts, 'failed'))) return false;
    const { tenantId, invoiceId, ref, reason } = facts;
    await this.audit(tx, facts, 'payment.failed', { ref, reason });
    await this.hooks.emit(tx, {
      tenantId,
      type: 'invoice.payment_failed',
      data: { invoiceId, number: invoice.number, reason },
      key: `invoice.payment_failed:${ref}`,
    });
    return true;
  }

  private async insert(tx: Tx, facts: PaymentFacts, state: 'succeeded' | 'failed') {
    const { tenantId, invoiceId, amountMicro, currency, ref, provider, at } = facts;
    const { count } = await tx.payment.createMany({
      data: [
        {
          ...{ tenantId, invoiceId, amountMicro, currency, ref, provider, at, state },
          id: newBillingId('pay'),
          createdBy: (facts.actor ?? SYSTEM).id,
        },
      ],
      skipDuplicates: true,
    });
    if (count === 1) return true;
    const known = await tx.payment.findUniqueOrThrow({ where: { ref } });
    const same =
      known.tenantId === tenantId &&
      known.invoiceId === invoiceId &&
      known.amountMicro === amountMicro &&
      known.state === state;
    if (!same) {
      throw new PaymentRefused(
        `A payment with the reference ${ref} is known, and says something else. Give this one a reference of its own.`,
      );
    }
    return false;
  }

  private audit(tx: Tx, facts: PaymentFacts, action: string, after: Record<string, unknown>) {
    const { tenantId, invoiceId, actor = SYSTEM } = facts;
    return this.hooks.audit(tx, { tenantId, actor, action, target: invoiceId, after });
  }
}

async function lockInvoice(tx: Tx, facts: PaymentFacts): Promise<Invoice> {
  const { tenantId, invoiceId, currency } = facts;
  await tx.$executeRaw`SELECT FROM invoice WHERE id = ${invoiceId} FOR UPDATE`;
  const invoice = await tx.invoice.findFirst({ where: { id: invoiceId, tenantId } });
  if (!invoice) throw new PaymentRefused(`There is no invoice ${invoiceId} of this tenant.`);
  if (invoice.state === 'draft') {
    throw new PaymentRefused('The invoice is a draft: it can be paid once it is final.');
  }
  if (invoice.currency !== currency) {
    throw new PaymentRefused(`The invoice is in ${invoice.currency}, the payment in ${currency}.`);
  }
  return invoice;
}
