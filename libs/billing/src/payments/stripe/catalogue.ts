import { createHash } from 'node:crypto';
import { METERS, Pricing, type Meter } from '#contracts';
import type Stripe from 'stripe';
import type { StoredCalls } from './calls.js';
import { verdictOf } from './errors.js';
import { priceTerms, type PriceTerms } from './metered-price.js';
import type { StripeMeters } from './meters.js';
import { META, productId, SUMMED_METERS } from './names.js';
import type { StripeParts } from './parts.js';

export interface PlanTerms {
  readonly planId: string;
  readonly pricing: Pricing;
  readonly currency: string;
  readonly interval: 'month' | 'year';
}

interface WantedPrice {
  readonly lookupKey: string;
  /** null: the plan itself. */
  readonly meter: Meter | null;
  readonly terms: PriceTerms;
}

/**
 * The plans as Products and Prices at Stripe. A price never changes there: its lookup key holds a hash of
 * its terms, so that a plan with new prices gets new ones and whoever has the old ones keeps them.
 */
export class Catalogue {
  constructor(
    private readonly parts: StripeParts,
    private readonly calls: StoredCalls,
    private readonly meters: StripeMeters,
  ) {}

  /** The ids of the prices that a subscription to these terms has; made where they are not there. */
  async prices(terms: PlanTerms): Promise<{ plan: string; metered: string[] }> {
    const wanted = wantedPrices(terms);
    const there = await this.find(wanted.map(({ lookupKey }) => lookupKey));
    if (there.size < wanted.length) await this.ensureProduct(terms.planId);
    const metered: string[] = [];
    let plan = '';
    for (const want of wanted) {
      const id = there.get(want.lookupKey) ?? (await this.make(terms, want));
      if (want.meter === null) plan = id;
      else metered.push(id);
    }
    return { plan, metered };
  }

  /** Brings Stripe up to all plans that tenants may choose. To run it again changes nothing. */
  async sync(): Promise<number> {
    const plans = await this.parts.database.asSystem((tx) =>
      tx.plan.findMany({ where: { status: 'active' }, orderBy: { id: 'asc' } }),
    );
    let prices = 0;
    for (const plan of plans) {
      const parsed = Pricing.safeParse(plan.pricing);
      if (!parsed.success) continue;
      for (const [currency, said] of Object.entries(parsed.data.currencies)) {
        for (const interval of ['month', 'year'] as const) {
          if (said?.base[interval] === undefined) continue;
          const terms = { planId: plan.id, pricing: parsed.data, currency, interval };
          prices += (await this.prices(terms)).metered.length + 1;
        }
      }
    }
    return prices;
  }

  /** Product and name as the plan is called now. */
  private async ensureProduct(planId: string): Promise<void> {
    const { stripe, database } = this.parts;
    const id = productId(planId);
    const { name } = await database.asSystem((tx) =>
      tx.plan.findUniqueOrThrow({ where: { id: planId } }),
    );
    try {
      const product = await stripe.products.retrieve(id);
      if (product.name !== name) await stripe.products.update(id, { name });
    } catch (error) {
      if (verdictOf(error) !== 'missing') throw error;
      await this.calls.once({
        key: `product:${planId}`,
        make: (idempotencyKey) =>
          stripe.products.create(
            { id, name, metadata: { [META.plan]: planId } },
            { idempotencyKey },
          ),
        find: () =>
          stripe.products.retrieve(id).then(
            () => id,
            () => null,
          ),
      });
    }
  }

  private async make(terms: PlanTerms, want: WantedPrice): Promise<string> {
    const { planId, currency, interval } = terms;
    const meter = want.meter === null ? null : await this.meters.ensure(want.meter);
    return this.calls.once({
      key: `price:${want.lookupKey}`,
      make: (idempotencyKey) =>
        this.parts.stripe.prices.create(
          {
            product: productId(planId),
            currency: currency.toLowerCase(),
            lookup_key: want.lookupKey,
            nickname: want.meter === null ? 'Plan' : METERS[want.meter].title,
            metadata: {
              [META.plan]: planId,
              ...(want.meter === null ? {} : { [META.meter]: want.meter }),
            },
            recurring: {
              interval,
              ...(meter === null ? {} : { usage_type: 'metered' as const, meter }),
            },
            ...want.terms,
          },
          { idempotencyKey },
        ),
      find: async () => (await this.find([want.lookupKey])).get(want.lookupKey) ?? null,
    });
  }

  /** Ten keys at once is the most that Stripe takes. */
  private async find(keys: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let at = 0; at < keys.length; at += 10) {
      const page = await this.parts.stripe.prices.list({
        lookup_keys: keys.slice(at, at + 10),
        active: true,
        limit: 10,
      });
      for (const { id, lookup_key } of page.data)
        if (lookup_key !== null) found.set(lookup_key, id);
    }
    return found;
  }
}

/**
 * The base fee is not among them: it is charged for the period that has ended, as our invoices say it.
 * What stands for the plan costs nothing, and lets a plan without usage be subscribed to.
 */
function wantedPrices(terms: PlanTerms): WantedPrice[] {
  const { planId, pricing, currency, interval } = terms;
  const key = (what: string, said: PriceTerms) => {
    const hash = createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 10);
    return `holdline:${planId}:${what}:${currency}:${interval}:${hash}`;
  };
  const nothing = { unit_amount: 0 } as PriceTerms & Pick<Stripe.PriceCreateParams, 'unit_amount'>;
  const metered = SUMMED_METERS.flatMap((meter) => {
    const said = priceTerms(pricing, currency, meter, interval);
    return said === null ? [] : [{ lookupKey: key(meter, said), meter, terms: said }];
  });
  return [{ lookupKey: key('plan', nothing), meter: null, terms: nothing }, ...metered];
}
