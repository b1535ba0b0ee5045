import { Pricing } from '#contracts';
import type { Tx } from '#database';
import type Stripe from 'stripe';
import { nextFullHour } from '../../hours.js';
import type { Subscriptions } from '../../plans/subscriptions.js';
import type { Catalogue } from './catalogue.js';
import type { Differences } from './differences.js';
import { META } from './names.js';
import type { StripeParts } from './parts.js';
import { itemChanges } from './stripe-provider.js';
import { idOf, subscriptionFacts } from './subscription-facts.js';

/** Brings ours to what a subscription at Stripe is now, whatever was told of it before and in which order. */
export class SubscriptionSync {
  constructor(
    private readonly parts: StripeParts,
    private readonly subscriptions: Subscriptions,
    private readonly catalogue: Catalogue,
    private readonly differences: Differences,
  ) {}

  async sync(id: string): Promise<void> {
    const { stripe, database, step } = this.parts;
    const subscription = await stripe.subscriptions.retrieve(id);
    step?.('subscription fetched');
    const customer = idOf(subscription.customer) ?? '';
    await database.asSystem(async (tx) => {
      const tenantId = await this.tenantOf(tx, customer, subscription);
      const facts = tenantId === null ? null : subscriptionFacts(subscription, tenantId);
      if (facts === null) return;
      if (facts.state === 'cancelled') await this.ends(tx, facts.tenantId, subscription);
      else await this.begins(tx, facts.tenantId, customer, subscription);
      await this.subscriptions.apply(tx, facts);
    });
    step?.('subscription applied');
    await this.keepUp(subscription);
    step?.('subscription kept up');
  }

  /** Its drafts wait for us, and its prices are those that the ledger prices the period by. */
  private async keepUp(subscription: Stripe.Subscription): Promise<void> {
    if (subscription.status === 'canceled' || subscription.status === 'incomplete_expired') return;
    const customer = idOf(subscription.customer) ?? '';
    const wanted = await this.wantedPrices(customer, subscription.id);
    const items = wanted === null ? [] : itemChanges(subscription.items.data, wanted);
    const isHeld = subscription.pause_collection?.behavior === 'keep_as_draft';
    if (isHeld && items.length === 0) return;
    await this.parts.stripe.subscriptions.update(subscription.id, {
      ...(isHeld ? {} : { pause_collection: { behavior: 'keep_as_draft' } }),
      ...(items.length === 0 ? {} : { items, proration_behavior: 'none' }),
    });
  }

  /** null: another subscription, or another provider, has taken this one's place. */
  private async wantedPrices(customer: string, id: string): Promise<string[] | null> {
    const segment = await this.parts.database.asSystem(async (tx) => {
      const row = await tx.stripeCustomer.findUnique({ where: { customerId: customer } });
      if (!row) return null;
      const { tenantId } = row;
      const ours = await tx.subscription.findUnique({ where: { tenantId } });
      if ((ours?.external as { subscriptionId?: string } | null)?.subscriptionId !== id)
        return null;
      return tx.subscriptionSegment.findFirst({
        where: { tenantId },
        orderBy: { startsAt: 'desc' },
      });
    });
    const pricing = Pricing.safeParse(segment?.pricing);
    if (!segment || !pricing.success) return null;
    const { planId, currency, interval } = segment;
    const prices = await this.catalogue.prices({
      planId,
      pricing: pricing.data,
      currency,
      interval,
    });
    return [prices.plan, ...prices.metered];
  }

  private async tenantOf(
    tx: Tx,
    customer: string,
    subscription: Stripe.Subscription,
  ): Promise<string | null> {
    const row = await tx.stripeCustomer.findUnique({ where: { customerId: customer } });
    if (row) return row.tenantId;
    // A process that died between making the customer and noting it.
    const said = subscription.metadata[META.tenant];
    const tenant = said === undefined ? null : await tx.tenant.findUnique({ where: { id: said } });
    const taken =
      tenant && (await tx.stripeCustomer.findUnique({ where: { tenantId: tenant.id } }));
    if (tenant && !taken) return tenant.id;
    await this.differences.raise({
      key: `customer:${customer}`,
      kind: 'customer',
      tenantId: tenant?.id ?? null,
      ours: 'unknown',
      theirs: customer,
      note: `Subscription ${subscription.id} belongs to a customer that is no tenant’s. If it was made by hand, cancel it or set ${META.tenant} in its metadata.`,
    });
    return null;
  }

  private async begins(
    tx: Tx,
    tenantId: string,
    customerId: string,
    subscription: Stripe.Subscription,
  ): Promise<void> {
    const reportsFrom = nextFullHour(new Date(subscription.start_date * 1000));
    const row = await tx.stripeCustomer.upsert({
      where: { tenantId },
      create: { tenantId, customerId, reportsFrom },
      update: { reportsUntil: null },
    });
    if (row.reportsFrom === null || row.reportsFrom > reportsFrom) {
      await tx.stripeCustomer.update({ where: { tenantId }, data: { reportsFrom } });
    }
  }

  /** Later hours are nobody's at Stripe; those before may still be corrected. */
  private async ends(tx: Tx, tenantId: string, subscription: Stripe.Subscription): Promise<void> {
    const ours = await tx.subscription.findUnique({ where: { tenantId } });
    const known = (ours?.external as { subscriptionId?: string } | null)?.subscriptionId;
    if (known !== subscription.id || subscription.ended_at === null) return;
    const reportsUntil = nextFullHour(new Date(subscription.ended_at * 1000));
    await tx.stripeCustomer.updateMany({ where: { tenantId }, data: { reportsUntil } });
  }
}
