import { Pricing, Problem } from '#contracts';
import {
  PaymentProvider,
  type CheckoutOrder,
  type FinalInvoice,
  type GivenCredit,
  type HourReport,
  type PortalOrder,
} from '../port.js';
import type { Catalogue, PlanTerms } from './catalogue.js';
import type { Collector } from './collect.js';
import type { Customers } from './customers.js';
import { noteHour } from './hour-seal.js';
import { META, SUMMED_METERS } from './names.js';
import type { StripeParts } from './parts.js';

/** Stripe as who takes the money. */
export class StripeProvider extends PaymentProvider {
  readonly name = 'stripe';

  constructor(
    private readonly parts: StripeParts,
    private readonly customers: Customers,
    private readonly catalogue: Catalogue,
    private readonly collector: Collector,
  ) {
    super();
  }

  /** A tenant that has a subscription changes it, and needs no page to pay on. */
  async checkout(order: CheckoutOrder): Promise<{ url: string }> {
    const terms = await this.termsOf(order);
    const customer = await this.customers.ensure(order.tenantId, order.email);
    const { plan, metered } = await this.catalogue.prices(terms);
    const live = await this.liveSubscription(customer);
    if (live !== null) {
      await this.change(live, order, [plan, ...metered]);
      return { url: order.successUrl };
    }
    const metadata = { [META.tenant]: order.tenantId, [META.plan]: order.planId };
    const session = await this.parts.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer,
      client_reference_id: order.tenantId,
      success_url: order.successUrl,
      cancel_url: order.cancelUrl,
      line_items: [{ price: plan, quantity: 1 }, ...metered.map((price) => ({ price }))],
      metadata,
      subscription_data: {
        billing_mode: { type: 'flexible' },
        metadata,
        ...(order.trialDays > 0 ? { trial_period_days: order.trialDays } : {}),
      },
      custom_text: { submit: { message: baseFeeText(terms) } },
    });
    if (session.url === null) throw new Error(`Stripe gave no address for ${session.id}`);
    return { url: session.url };
  }

  async portal(order: PortalOrder): Promise<{ url: string }> {
    const customer = await this.customers.of(order.tenantId);
    const { url } = await this.parts.stripe.billingPortal.sessions.create({
      customer,
      return_url: order.returnUrl,
    });
    return { url };
  }

  /** Into the outbox; the sender takes it from there. */
  async reportHour(report: HourReport): Promise<void> {
    if (!SUMMED_METERS.includes(report.meter)) return;
    await this.parts.database.asSystem((tx) => noteHour(tx, new Date(this.parts.now()), report));
  }

  collect(invoice: FinalInvoice): Promise<void> {
    return this.collector.collect(invoice);
  }

  /**
   * Nothing is told in advance: Stripe would use a grant by rules of its own, and the ledger has used it
   * by ours. With each invoice Stripe is granted just what the invoice's credits pay.
   */
  creditGrant(_credit: GivenCredit): Promise<void> {
    return Promise.resolve();
  }

  private async termsOf(order: CheckoutOrder): Promise<PlanTerms> {
    const { planId, interval, currency } = order;
    const plan = await this.parts.database.asSystem((tx) =>
      tx.plan.findFirst({ where: { id: planId, status: 'active' } }),
    );
    const pricing = Pricing.safeParse(plan?.pricing);
    const base = pricing.data?.currencies[currency as 'EUR']?.base[interval];
    if (!pricing.success || base === undefined) {
      throw new Problem(
        'not_found',
        `The plan ${planId} is not to be had in ${currency} by the ${interval}. GET /v1/billing/plan lists what is.`,
      );
    }
    return { planId, pricing: pricing.data, interval, currency };
  }

  private async liveSubscription(customer: string) {
    const { data } = await this.parts.stripe.subscriptions.list({ customer, limit: 10 });
    return data.find(({ status }) => status !== 'incomplete' && status !== 'canceled') ?? null;
  }

  /** From the next full hour on the ledger prices by the new plan; Stripe prorates nothing. */
  private async change(
    live: { id: string; items: { data: { id: string; price: { id: string } }[] } },
    order: CheckoutOrder,
    wanted: readonly string[],
  ): Promise<void> {
    await this.parts.stripe.subscriptions.update(live.id, {
      items: itemChanges(live.items.data, wanted),
      metadata: { [META.tenant]: order.tenantId, [META.plan]: order.planId },
      proration_behavior: 'none',
      cancel_at_period_end: false,
    });
  }
}

/** Adds what is missing and takes away what is not wanted; nothing when they agree. */
export function itemChanges(
  items: readonly { readonly id: string; readonly price: { readonly id: string } }[],
  wanted: readonly string[],
): ({ price: string } | { id: string; deleted: true })[] {
  const has = new Set(items.map(({ price }) => price.id));
  const added = wanted.filter((price) => !has.has(price)).map((price) => ({ price }));
  const gone = items.filter(({ price }) => !wanted.includes(price.id));
  return [...added, ...gone.map(({ id }) => ({ id, deleted: true as const }))];
}

function baseFeeText({ pricing, currency, interval }: PlanTerms): string {
  const micro = pricing.currencies[currency as 'EUR']?.base[interval] ?? '0';
  if (micro === '0')
    return 'There is no base fee. What you use is charged at the end of each period.';
  const amount = new Intl.NumberFormat('en', { style: 'currency', currency }).format(
    Number(micro) / 1e6,
  );
  return `The base fee is ${amount} a ${interval}. It is charged with what you use at the end of each period.`;
}
