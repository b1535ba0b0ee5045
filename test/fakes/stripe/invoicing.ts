import Stripe from 'stripe';
import { idOf, type FakeAccount } from './account.js';
import { listOf } from './list.js';
import { rate, type RatedPart } from './rating.js';
import { blankInvoice } from './shapes.js';
import { aggregate } from './usage.js';

/** Seconds that a cycle's invoice stays a draft, so that late usage still gets onto it. */
const GRACE_S = 3600;

interface Period {
  readonly start: number;
  readonly end: number;
}

/** Draws up, works out, finalizes and collects invoices of subscriptions. */
export class Invoicing {
  /** Of each draft: which period is used up and billed, and which is billed in advance. */
  private readonly periods = new Map<string, { past: Period | null; next: Period | null }>();
  /** Lines that were put onto drafts by hand. */
  private readonly added = new Map<string, Stripe.InvoiceLineItem[]>();
  private numbers = 0;

  constructor(private readonly account: FakeAccount) {}

  create(
    subscription: Stripe.Subscription,
    reason: Stripe.Invoice.BillingReason,
    past: Period | null,
    next: Period | null,
  ): Stripe.Invoice {
    const { account } = this;
    const now = account.clock.seconds();
    const id = account.id('in');
    const invoice = blankInvoice(id, {
      billing_reason: reason,
      created: now,
      currency: subscription.currency,
      customer: subscription.customer,
      parent: {
        quote_details: null,
        subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
        type: 'subscription_details',
      },
      period_start: (past ?? next)?.start ?? now,
      period_end: (past ?? next)?.end ?? now,
    });
    this.periods.set(id, { past, next });
    account.invoices.set(id, invoice);
    subscription.latest_invoice = id;
    this.refresh(invoice);
    account.emit('invoice.created', invoice);
    if (subscription.pause_collection?.behavior === 'keep_as_draft') invoice.auto_advance = false;
    else if (past === null) this.finalize(invoice);
    else invoice.automatically_finalizes_at = now + GRACE_S;
    return invoice;
  }

  /** One that no subscription draws up, with nothing on it yet. */
  createBare(customer: string, currency: string): Stripe.Invoice {
    const { account } = this;
    const now = account.clock.seconds();
    const invoice = blankInvoice(account.id('in'), {
      billing_reason: 'manual',
      created: now,
      currency,
      customer,
      parent: null,
      period_start: now,
      period_end: now,
    });
    account.invoices.set(invoice.id, invoice);
    account.emit('invoice.created', invoice);
    return invoice;
  }

  addLine(
    invoice: Stripe.Invoice,
    said: { amount: number; description: string | null; metadata: Stripe.Metadata },
  ): void {
    const lines = this.added.get(invoice.id) ?? [];
    this.added.set(invoice.id, [...lines, manualLine(invoice, this.account.id('il'), said)]);
    this.refresh(invoice);
  }

  /** As somebody does by hand, in Stripe's own dashboard. */
  takeLinesOff(invoice: Stripe.Invoice): void {
    this.added.delete(invoice.id);
    this.refresh(invoice);
  }

  /** A draft shows what is known now: each look works its lines out anew. */
  refresh(invoice: Stripe.Invoice): void {
    if (invoice.status !== 'draft') return;
    const subscription = this.subscriptionOf(invoice);
    const periods = this.periods.get(invoice.id) ?? { past: null, next: null };
    const items = subscription?.items.data ?? [];
    const lines = [
      ...items.flatMap((item) => this.lines(invoice, item, periods)),
      ...(this.added.get(invoice.id) ?? []),
    ];
    invoice.lines = listOf(lines, `/v1/invoices/${invoice.id}/lines`);
    this.total(invoice, 0);
  }

  finalize(invoice: Stripe.Invoice): void {
    const { account } = this;
    this.refresh(invoice);
    const credits = this.applyGrants(invoice);
    this.total(invoice, credits);
    const now = account.clock.seconds();
    invoice.status = 'open';
    invoice.automatically_finalizes_at = null;
    invoice.effective_at = now;
    invoice.number = `FAKE-${String(++this.numbers).padStart(4, '0')}`;
    invoice.status_transitions.finalized_at = now;
    account.emit('invoice.finalized', invoice);
    this.collect(invoice);
  }

  /** Charges the customer: paid, or failed and the subscription past due. */
  collect(invoice: Stripe.Invoice): void {
    const { account } = this;
    if (invoice.status !== 'open') return;
    invoice.attempted = true;
    const subscription = this.subscriptionOf(invoice);
    if (account.declined.has(idOf(invoice.customer)) && invoice.amount_due > 0) {
      invoice.attempt_count++;
      invoice.next_payment_attempt = account.clock.seconds() + 3 * 86_400;
      account.emit('invoice.payment_failed', invoice);
      this.setStatus(subscription, 'past_due');
      return;
    }
    if (invoice.amount_due > 0) invoice.attempt_count++;
    invoice.status = 'paid';
    invoice.amount_paid = invoice.amount_due;
    invoice.amount_remaining = 0;
    invoice.next_payment_attempt = null;
    invoice.status_transitions.paid_at = account.clock.seconds();
    account.emit('invoice.paid', invoice);
    account.emit('invoice.payment_succeeded', invoice);
    if (subscription?.status === 'past_due' || subscription?.status === 'incomplete') {
      this.setStatus(subscription, 'active');
    }
  }

  void(invoice: Stripe.Invoice): void {
    invoice.status = 'void';
    invoice.amount_remaining = 0;
    invoice.status_transitions.voided_at = this.account.clock.seconds();
    this.account.emit('invoice.voided', invoice);
  }

  private setStatus(
    subscription: Stripe.Subscription | undefined,
    status: Stripe.Subscription.Status,
  ): void {
    if (!subscription || subscription.status === 'canceled' || subscription.status === status) {
      return;
    }
    subscription.status = status;
    this.account.emit('customer.subscription.updated', subscription);
  }

  private subscriptionOf(invoice: Stripe.Invoice): Stripe.Subscription | undefined {
    return this.account.subscriptions.get(idOf(invoice.parent?.subscription_details?.subscription));
  }

  private lines(
    invoice: Stripe.Invoice,
    item: Stripe.SubscriptionItem,
    { past, next }: { past: Period | null; next: Period | null },
  ): Stripe.InvoiceLineItem[] {
    const { price } = item;
    if (price.recurring?.usage_type !== 'metered') {
      if (!next) return [];
      const parts = rate(price, Stripe.Decimal.from(item.quantity ?? 1));
      return parts.map((part, at) => this.line(invoice, item, part, next, at));
    }
    if (!past) return [];
    const meter = this.account.meters.get(price.recurring.meter ?? '');
    if (!meter) return [];
    const customer = idOf(invoice.customer);
    const used = aggregate(this.account.taken, meter, customer, past.start, past.end);
    const parts = rate(price, used ?? Stripe.Decimal.zero);
    return parts.map((part, at) => this.line(invoice, item, part, past, at));
  }

  private line(
    invoice: Stripe.Invoice,
    item: Stripe.SubscriptionItem,
    part: RatedPart,
    period: Period,
    at: number,
  ): Stripe.InvoiceLineItem {
    const { price } = item;
    return {
      id: `il_${invoice.id}_${item.id}_${at}`,
      object: 'line_item',
      amount: part.amount,
      currency: invoice.currency,
      description: price.nickname,
      discount_amounts: [],
      discountable: true,
      discounts: [],
      invoice: invoice.id,
      livemode: false,
      metadata: {},
      parent: {
        invoice_item_details: null,
        subscription_item_details: {
          invoice_item: null,
          proration: false,
          proration_details: null,
          subscription: item.subscription,
          subscription_item: item.id,
        },
        type: 'subscription_item_details',
      },
      period,
      pretax_credit_amounts: [],
      pricing: {
        price_details: { price: price.id, product: idOf(price.product) },
        type: 'price_details',
        unit_amount_decimal: part.unitAmount,
      },
      quantity: Number(part.quantity.toFixed(0, 'half-up')),
      quantity_decimal: part.quantity,
      subscription: item.subscription,
      subtotal: part.amount,
      taxes: [],
    };
  }

  private total(invoice: Stripe.Invoice, credits: number): void {
    const subtotal = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
    invoice.subtotal = subtotal;
    invoice.subtotal_excluding_tax = subtotal;
    invoice.total = subtotal - credits;
    invoice.total_excluding_tax = subtotal - credits;
    invoice.amount_due = invoice.total;
    invoice.amount_remaining = invoice.total;
  }

  /** Grants pay metered lines alone, the one that ends first before the others. */
  private applyGrants(invoice: Stripe.Invoice): number {
    const { account } = this;
    const now = account.clock.seconds();
    let open = 0;
    for (const line of invoice.lines.data) {
      const price = account.prices.get(idOf(line.pricing?.price_details?.price));
      if (price?.recurring?.usage_type === 'metered') open += line.amount;
    }
    const grants = [...account.grants.values()]
      .filter(
        (grant) =>
          grant.customer === invoice.customer &&
          grant.voided_at === null &&
          grant.amount.monetary?.currency === invoice.currency &&
          (grant.effective_at ?? 0) <= now &&
          (grant.expires_at === null || grant.expires_at > now),
      )
      .sort((a, b) => (a.expires_at ?? Infinity) - (b.expires_at ?? Infinity));
    let credits = 0;
    for (const grant of grants) {
      const left = account.grantsLeft.get(grant.id) ?? 0;
      const amount = Math.min(left, open - credits);
      if (amount <= 0) continue;
      credits += amount;
      account.grantsLeft.set(grant.id, left - amount);
      invoice.total_pretax_credit_amounts = [
        ...(invoice.total_pretax_credit_amounts ?? []),
        {
          amount,
          credit_balance_transaction: account.id('cbtxn'),
          type: 'credit_balance_transaction',
        },
      ];
    }
    return credits;
  }
}

function manualLine(
  invoice: Stripe.Invoice,
  id: string,
  said: { amount: number; description: string | null; metadata: Stripe.Metadata },
): Stripe.InvoiceLineItem {
  const { created: start } = invoice;
  return {
    id,
    object: 'line_item',
    ...said,
    currency: invoice.currency,
    discount_amounts: [],
    discountable: false,
    discounts: [],
    invoice: invoice.id,
    livemode: false,
    parent: null,
    period: { start, end: start },
    pretax_credit_amounts: [],
    pricing: null,
    quantity: 1,
    quantity_decimal: Stripe.Decimal.from(1),
    subscription: null,
    subtotal: said.amount,
    taxes: [],
  };
}
