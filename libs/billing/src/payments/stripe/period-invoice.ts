import { METER_NAMES, type Meter } from '#contracts';
import type Stripe from 'stripe';
import { stripeSdk } from './sdk.js';
import { HOUR_MS, nextFullHour } from '../../hours.js';
import type { FinalInvoice } from '../port.js';
import type { StoredCalls } from './calls.js';
import type { TheirUsage } from './invoice-lines.js';
import { META } from './names.js';
import { NotYetCollected } from './not-yet-collected.js';
import type { StripeParts } from './parts.js';
import { idOf } from './subscription-facts.js';

/** So long Stripe may take to draw up a period's draft. */
const PATIENCE_MS = 24 * HOUR_MS;

/** Stripe's invoice of one of our periods. */
export class PeriodInvoices {
  private readonly meterOfPrice = new Map<string, Meter | null>();

  constructor(
    private readonly parts: StripeParts,
    private readonly calls: StoredCalls,
  ) {}

  /**
   * The draft that Stripe drew up for the period, or a bare one where it draws up none; the invoice itself
   * once it is final. null: nothing is to be paid, and Stripe has no invoice.
   * @throws NotYetCollected while Stripe's draft may still come
   */
  async find(invoice: FinalInvoice, customer: string): Promise<Stripe.Invoice | null> {
    const { stripe, now } = this.parts;
    const since = Math.floor(invoice.periodEnd.getTime() / 1000) - 2 * 3600;
    let cycle: Stripe.Invoice | null = null;
    for await (const row of stripe.invoices.list({
      customer,
      created: { gte: since },
      limit: 100,
    })) {
      if (row.metadata?.[META.invoice] === invoice.id) return row;
      if (isOfPeriod(row, invoice.periodEnd)) cycle = row;
    }
    if (cycle?.status === 'draft') return this.adopt(cycle, invoice);
    if (cycle !== null && cycle.total !== 0) {
      throw new NotYetCollected(
        `Stripe made ${cycle.id} final before invoice ${invoice.number} could be put onto it. Void or credit it at Stripe; the invoice is collected by one of its own then.`,
      );
    }
    if (invoice.totalMicro === 0n) return null;
    if (cycle === null && now() < invoice.periodEnd.getTime() + PATIENCE_MS) {
      if (await this.isLive(customer)) {
        throw new NotYetCollected(`Stripe has no draft for invoice ${invoice.number} yet.`);
      }
    }
    return this.bare(invoice, customer);
  }

  /** Quantities and amounts by meter of what Stripe priced itself. */
  async usageOf(draft: Stripe.Invoice): Promise<TheirUsage> {
    const usage = new Map<Meter, { quantity: Stripe.Decimal; amount: number; lines: number }>();
    const lines = this.parts.stripe.invoices.listLineItems(draft.id, { limit: 100 });
    for await (const line of lines) {
      const price = idOf(line.pricing?.price_details?.price);
      const meter = price === null ? null : await this.meterOf(price);
      if (meter === null) continue;
      const before = usage.get(meter) ?? {
        quantity: stripeSdk().Decimal.zero,
        amount: 0,
        lines: 0,
      };
      const quantity = line.quantity_decimal ?? stripeSdk().Decimal.from(line.quantity ?? 0);
      usage.set(meter, {
        quantity: before.quantity.add(quantity),
        amount: before.amount + line.amount,
        lines: before.lines + 1,
      });
    }
    return usage;
  }

  private adopt(draft: Stripe.Invoice, invoice: FinalInvoice): Promise<Stripe.Invoice> {
    return this.parts.stripe.invoices.update(draft.id, {
      metadata: { [META.invoice]: invoice.id },
      description: `Invoice ${invoice.number}`,
    });
  }

  private async bare(invoice: FinalInvoice, customer: string): Promise<Stripe.Invoice> {
    const { stripe } = this.parts;
    const id = await this.calls.once({
      key: `invoice:${invoice.id}`,
      make: (idempotencyKey) =>
        stripe.invoices.create(
          {
            customer,
            currency: invoice.currency.toLowerCase(),
            auto_advance: false,
            description: `Invoice ${invoice.number}`,
            metadata: { [META.invoice]: invoice.id },
          },
          { idempotencyKey },
        ),
      find: async () => {
        for await (const row of stripe.invoices.list({ customer, limit: 100 })) {
          if (row.metadata?.[META.invoice] === invoice.id) return row.id;
        }
        return null;
      },
    });
    return stripe.invoices.retrieve(id);
  }

  private async isLive(customer: string): Promise<boolean> {
    const { data } = await this.parts.stripe.subscriptions.list({ customer, limit: 10 });
    return data.some(({ status }) => status !== 'canceled');
  }

  private async meterOf(price: string): Promise<Meter | null> {
    const known = this.meterOfPrice.get(price);
    if (known !== undefined) return known;
    const { metadata } = await this.parts.stripe.prices.retrieve(price);
    const meter = METER_NAMES.find((name) => name === metadata[META.meter]) ?? null;
    this.meterOfPrice.set(price, meter);
    return meter;
  }
}

/** Periods end at Stripe at any second, and with us at the next full hour. */
function isOfPeriod(row: Stripe.Invoice, periodEnd: Date): boolean {
  return (
    row.parent?.type === 'subscription_details' &&
    row.billing_reason !== 'subscription_create' &&
    row.status !== 'void' &&
    row.metadata?.[META.invoice] === undefined &&
    nextFullHour(new Date(row.period_end * 1000)).getTime() === periodEnd.getTime()
  );
}
