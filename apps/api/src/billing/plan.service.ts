import { Inject, Injectable } from '@nestjs/common';
import { nextFullHour, publicPlans, shownPlan, upcoming } from '#billing';
import {
  Pricing,
  Problem,
  type CheckoutBody,
  type PlanAnswer,
  type PlanChangeAnswer,
  type PlanChangeBody,
  type Upcoming,
} from '#contracts';
import type { Plan, Tx } from '#database';
import type { TenantActor } from '../auth/actor.js';
import { missing } from '../http/validation.js';
import { Settings } from '../settings.js';
import { BillingParts, PaymentProviders } from './billing-parts.js';
import { shownSubscription } from './shown.js';

/** Working out a period reads all its hours. */
const RATE_MS = { timeoutMs: 10_000 };

/** Ends a transaction without a trace, and carries out what it would have come to. */
class Undone<T> extends Error {
  constructor(readonly result: T) {
    super('undone');
  }
}

/** A tenant's own plan: which it has, which it can have, and what each costs it. */
@Injectable()
export class PlanService {
  constructor(
    @Inject(BillingParts) private readonly parts: BillingParts,
    @Inject(PaymentProviders) private readonly providers: PaymentProviders,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  show(tenantId: string): Promise<PlanAnswer> {
    return this.parts.database.withTenant(tenantId, async (tx) => {
      const tenant = await tx.tenant.findUniqueOrThrow({
        where: { id: tenantId },
        include: { plan: true, subscription: true },
      });
      const { plan, subscription } = tenant;
      return {
        plan: plan && shownPlan(plan),
        subscription: subscription && shownSubscription(subscription),
        available: await publicPlans(tx),
      };
    });
  }

  upcoming(tenantId: string): Promise<Upcoming> {
    return this.parts.database.asSystem(async (tx) => {
      const subscription = await tx.subscription.findUnique({ where: { tenantId } });
      if (!subscription) throw noPlan();
      return upcoming(tx, subscription, this.now());
    }, RATE_MS);
  }

  /** @throws Problem not_found; conflict where the plan cannot be had this way */
  async change(actor: TenantActor, body: PlanChangeBody): Promise<PlanChangeAnswer> {
    const answer = this.parts.database.asSystem(async (tx) => {
      await this.requireOurs(tx, actor.tenantId);
      const plan = await this.choosable(tx, actor.tenantId, body);
      this.requireNoCheckout(plan, body);
      const changed = await this.changed(tx, actor, body, plan);
      if (body.preview) throw new Undone({ ...changed, changed: false });
      return changed;
    }, RATE_MS);
    return answer.catch((error: unknown) => {
      if (error instanceof Undone) return (error as Undone<PlanChangeAnswer>).result;
      throw error;
    });
  }

  async checkout(actor: TenantActor, body: CheckoutBody): Promise<{ url: string }> {
    const { tenantId } = actor;
    const order = await this.parts.database.asSystem(async (tx) => {
      const plan = await this.choosable(tx, tenantId, body);
      const trialDays = (await isFirst(tx, tenantId)) ? Pricing.parse(plan.pricing).trialDays : 0;
      return { trialDays, currency: await this.currencyOf(tx, tenantId, body.currency) };
    });
    const [email = null] = await this.parts.recipients(tenantId);
    const page = `${this.settings.apiUrl}/`;
    const { planId, interval, successUrl = page, cancelUrl = page } = body;
    return this.providers.chosen.checkout({
      ...{ tenantId, planId, interval, email, successUrl, cancelUrl, ...order },
    });
  }

  async portal(tenantId: string, returnUrl = `${this.settings.apiUrl}/`): Promise<{ url: string }> {
    const subscription = await this.parts.database.withTenant(tenantId, (tx) =>
      tx.subscription.findUnique({ where: { tenantId } }),
    );
    const own = this.providers.all.find(({ name }) => name === subscription?.provider);
    return (own ?? this.providers.chosen).portal({ tenantId, returnUrl });
  }

  private async changed(tx: Tx, actor: TenantActor, body: PlanChangeBody, plan: Plan) {
    const { tenantId } = actor;
    const { trialDays } = Pricing.parse(plan.pricing);
    const trial = trialDays > 0 && (await isFirst(tx, tenantId));
    const now = this.now();
    await this.parts.subscriptions.begin(tx, tenantId, plan.id, {
      interval: body.interval,
      currency: await this.currencyOf(tx, tenantId, body.currency),
      trialEnd: trial ? new Date(now.getTime() + trialDays * 86_400_000) : null,
      actor,
    });
    const subscription = await tx.subscription.findUniqueOrThrow({ where: { tenantId } });
    return {
      changed: true,
      effectiveAt: nextFullHour(now).toISOString(),
      subscription: shownSubscription(subscription),
      upcoming: await upcoming(tx, subscription, now),
    };
  }

  /** A plan that tenants choose themselves, with a price in the currency and for the interval. */
  private async choosable(
    tx: Tx,
    tenantId: string,
    wish: { planId: string; interval: 'month' | 'year'; currency?: string | undefined },
  ): Promise<Plan> {
    const plan = await tx.plan.findUnique({ where: { id: wish.planId } });
    const pricing = plan && Pricing.parse(plan.pricing);
    const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
    const has = tenant.planId === wish.planId;
    if (!plan || (!has && (!pricing?.public || plan.status === 'retired'))) throw missing('plan');
    const currency = await this.currencyOf(tx, tenantId, wish.currency);
    if (pricing?.currencies[currency as 'EUR']?.base[wish.interval] === undefined) {
      throw new Problem(
        'conflict',
        `The plan ${plan.name} has no price per ${wish.interval} in ${currency}. GET /v1/billing/plan lists what can be had.`,
      );
    }
    return plan;
  }

  /** What a card provider collects is changed at the provider, so that both say the same. */
  private async requireOurs(tx: Tx, tenantId: string): Promise<void> {
    const subscription = await tx.subscription.findUnique({ where: { tenantId } });
    if (subscription && subscription.provider !== 'invoice') {
      throw new Problem(
        'conflict',
        `This tenant pays through ${subscription.provider}. Change the plan with POST /v1/billing/checkout, or end it at the place that POST /v1/billing/portal names.`,
      );
    }
  }

  private requireNoCheckout(plan: Plan, body: PlanChangeBody): void {
    const { currencies } = Pricing.parse(plan.pricing);
    const costs = Object.values(currencies).some(
      ({ base, meters }) => Number(base[body.interval] ?? 0) > 0 || Object.keys(meters).length > 0,
    );
    if (body.preview || !costs || this.providers.chosen.name === 'invoice') return;
    throw new Problem(
      'conflict',
      `The plan ${plan.name} is paid by card here: POST /v1/billing/checkout says where.`,
    );
  }

  private async currencyOf(tx: Tx, tenantId: string, wish: string | undefined): Promise<string> {
    if (wish !== undefined) return wish;
    const subscription = await tx.subscription.findUnique({ where: { tenantId } });
    const profile = await tx.billingProfile.findUnique({ where: { tenantId } });
    return subscription?.currency ?? profile?.currency ?? 'EUR';
  }

  private now(): Date {
    return new Date(this.parts.clock.now());
  }
}

/** A trial is for tenants that had no other plan than Free yet. */
async function isFirst(tx: Tx, tenantId: string): Promise<boolean> {
  return (
    (await tx.subscriptionSegment.count({ where: { tenantId, planId: { not: 'free' } } })) === 0
  );
}

export function noPlan(): Problem {
  return new Problem(
    'not_found',
    'This tenant has no plan, so nothing is billed. Choose one with PUT /v1/billing/plan.',
  );
}
