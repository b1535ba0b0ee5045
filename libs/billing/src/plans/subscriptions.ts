import type { Prisma, Subscription, SubscriptionState, Tx } from '#database';
import { SYSTEM, type Actor, type BillingHooks } from '../hooks.js';
import { calendarPeriod, hoursBetween, nextFullHour } from '../hours.js';
import { openDraft } from '../invoicing/open-period.js';
import { setSegment } from './segments.js';

export interface SubscriptionFacts {
  readonly tenantId: string;
  readonly planId: string;
  readonly state: SubscriptionState;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  /** Brought to the next full hour each. */
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly trialEnd: Date | null;
  readonly cancelAt: Date | null;
  /** The PaymentProvider's name. */
  readonly provider: string;
  /** What the provider calls things; `subscriptionId` tells one subscription from another. */
  readonly external: Readonly<Record<string, string>>;
  /** Who brought it about; `system` unless a person did. */
  readonly actor?: Actor;
}

/** The plan that a tenant falls back to when its subscription ends. */
const FALLBACK_PLAN = 'free';

/** Which plan each tenant has, and in which period it is. */
export class Subscriptions {
  constructor(private readonly hooks: BillingHooks) {}

  /**
   * Brings the subscription to what the provider says it is now. The same facts again change nothing,
   * and facts of a period that is over do not bring it back; so the order in which a provider tells of
   * them is of no account as long as they are fetched and not taken from its events.
   */
  async apply(tx: Tx, facts: SubscriptionFacts): Promise<void> {
    const before = await lockSubscription(tx, facts.tenantId);
    if (facts.state === 'cancelled') return this.cancel(tx, before, facts);
    const plan = await tx.plan.findUniqueOrThrow({ where: { id: facts.planId } });
    const start = nextFullHour(facts.periodStart);
    const end = nextFullHour(facts.periodEnd);
    const stale = before?.provider === facts.provider && start < before.periodStart;
    const periodStart = before && start <= before.periodStart ? before.periodStart : start;
    const periodEnd = stale ? before.periodEnd : end;
    const moves = before !== null && periodStart > before.periodStart;
    if (moves) {
      await openDraft(tx, { ...endedOf(before), end: periodStart });
    }
    const now = new Date(this.hooks.now());
    const trialEnd = facts.trialEnd === null ? null : nextFullHour(facts.trialEnd);
    const onTrial = trialEnd !== null && trialEnd > periodStart && facts.state === 'trialing';
    const terms = {
      planId: plan.id,
      pricing: plan.pricing as Prisma.InputJsonValue,
      interval: facts.interval,
      currency: facts.currency,
    };
    const from = before === null || moves ? periodStart : maxDate(nextFullHour(now), periodStart);
    await setSegment(tx, facts.tenantId, from, { ...terms, free: onTrial }, moves);
    if (onTrial && trialEnd > from) {
      await setSegment(tx, facts.tenantId, trialEnd, { ...terms, free: false }, false);
    }
    const data = {
      planId: plan.id,
      state: facts.state,
      interval: facts.interval,
      currency: facts.currency,
      periodStart,
      periodEnd,
      trialEnd: facts.trialEnd,
      cancelAt: facts.cancelAt,
      wholeHours:
        before && !moves && before.provider === facts.provider
          ? before.wholeHours
          : hoursBetween(periodStart, periodEnd),
      provider: facts.provider,
      external: facts.external,
    };
    await this.store(tx, before, facts.tenantId, data, facts.actor);
  }

  /** Begins calendar periods with a plan, for tenants whose invoices are ours alone. */
  async begin(
    tx: Tx,
    tenantId: string,
    planId: string,
    options: {
      readonly interval?: 'month' | 'year';
      readonly currency?: string;
      readonly at?: Date;
      readonly trialEnd?: Date | null;
      readonly actor?: Actor;
    } = {},
  ): Promise<void> {
    const at = nextFullHour(options.at ?? new Date(this.hooks.now()));
    const interval = options.interval ?? 'month';
    // Periods that have ended keep the plan that they had.
    while (await this.roll(tx, tenantId));
    const before = await lockSubscription(tx, tenantId);
    const profile = await tx.billingProfile.findUnique({ where: { tenantId } });
    const currency = options.currency ?? before?.currency ?? profile?.currency ?? 'EUR';
    const same =
      before?.provider === 'invoice' &&
      before.state !== 'cancelled' &&
      before.interval === interval &&
      before.currency === currency;
    const calendar = calendarPeriod(at, interval);
    const wholeHours = hoursBetween(calendar.start, calendar.end);
    const trialEnd = options.trialEnd ?? null;
    await this.apply(tx, {
      tenantId,
      planId,
      state: trialEnd !== null && trialEnd > at ? 'trialing' : 'active',
      interval,
      currency,
      periodStart: same ? before.periodStart : at,
      periodEnd: same ? before.periodEnd : calendar.end,
      trialEnd,
      cancelAt: null,
      provider: 'invoice',
      external: {},
      ...(options.actor === undefined ? {} : { actor: options.actor }),
    });
    if (!same) await tx.subscription.update({ where: { tenantId }, data: { wholeHours } });
  }

  /** The period has ended by the calendar: the next one begins, with the plan's prices of now. */
  async roll(tx: Tx, tenantId: string): Promise<boolean> {
    const before = await lockSubscription(tx, tenantId);
    if (!before || before.state === 'cancelled' || before.provider !== 'invoice') return false;
    const start = before.periodEnd;
    if (start.getTime() > this.hooks.now()) return false;
    const end = calendarPeriod(start, before.interval).end;
    const plan = await tx.plan.findUniqueOrThrow({ where: { id: before.planId } });
    await openDraft(tx, endedOf(before));
    const terms = {
      planId: plan.id,
      pricing: plan.pricing as Prisma.InputJsonValue,
      interval: before.interval,
      currency: before.currency,
    };
    const onTrial = before.trialEnd !== null && nextFullHour(before.trialEnd) > start;
    await setSegment(tx, tenantId, start, { ...terms, free: onTrial }, true);
    if (onTrial) {
      const trialEnd = nextFullHour(before.trialEnd ?? start);
      await setSegment(tx, tenantId, trialEnd, { ...terms, free: false }, false);
    }
    const data = {
      state: before.state === 'trialing' && !onTrial ? ('active' as const) : before.state,
      periodStart: start,
      periodEnd: end,
      wholeHours: hoursBetween(start, end),
    };
    await this.store(tx, before, tenantId, { ...before, ...data }, SYSTEM);
    return true;
  }

  /** The tenant is gone: what it used so far is the last that is billed, and nothing after it. */
  async end(tx: Tx, tenantId: string, at = new Date(this.hooks.now())): Promise<void> {
    while (await this.roll(tx, tenantId));
    const before = await lockSubscription(tx, tenantId);
    if (!before || before.state === 'cancelled') return;
    const wish = nextFullHour(at);
    const end = wish > before.periodStart ? wish : before.periodStart;
    await openDraft(tx, { ...endedOf(before), end });
    await setSegment(
      tx,
      tenantId,
      end,
      {
        planId: before.planId,
        pricing: {},
        interval: before.interval,
        currency: before.currency,
        free: true,
      },
      false,
    );
    const periodEnd = end > before.periodStart ? end : before.periodEnd;
    const ended = { state: 'cancelled' as const, periodEnd, cancelAt: null };
    await this.store(tx, before, tenantId, { ...before, ...ended }, SYSTEM);
  }

  private async cancel(tx: Tx, before: Subscription | null, facts: SubscriptionFacts) {
    if (before?.provider !== facts.provider || before.state === 'cancelled') return;
    const known = (before.external as { subscriptionId?: string }).subscriptionId;
    // Another subscription has taken its place: the end of the old one is no news.
    if (known !== undefined && known !== facts.external['subscriptionId']) return;
    const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: facts.tenantId } });
    const fallback = await tx.plan.findUnique({ where: { id: FALLBACK_PLAN } });
    if (tenant.status === 'closed' || !fallback) return this.end(tx, facts.tenantId);
    await this.begin(tx, facts.tenantId, fallback.id, { currency: facts.currency });
  }

  private async store(
    tx: Tx,
    before: Subscription | null,
    tenantId: string,
    data: Omit<Subscription, 'tenantId' | 'createdAt'> & { external: unknown },
    actor: Actor = SYSTEM,
  ): Promise<void> {
    const { planId, state, interval, currency, periodStart, periodEnd, trialEnd, cancelAt } = data;
    const row = {
      ...{ planId, state, interval, currency, periodStart, periodEnd, trialEnd, cancelAt },
      wholeHours: data.wholeHours,
      provider: data.provider,
      external: data.external as Prisma.InputJsonValue,
    };
    await tx.subscription.upsert({
      where: { tenantId },
      create: { tenantId, ...row, createdAt: new Date(this.hooks.now()) },
      update: row,
    });
    const after = shown(row);
    const was = before === null ? null : shown(before);
    if (was !== null && JSON.stringify(was) === JSON.stringify(after)) return;
    await tx.tenant.updateMany({
      where: { id: tenantId, OR: [{ planId: null }, { planId: { not: planId } }] },
      data: { planId },
    });
    await this.hooks.audit(tx, {
      ...{ tenantId, actor, action: 'subscription.updated', target: tenantId, after },
      ...(was === null ? {} : { before: was }),
    });
    await this.hooks.emit(tx, {
      tenantId,
      type: 'subscription.updated',
      data: after,
      key: `subscription:${this.hooks.now()}:${JSON.stringify(after)}`,
    });
  }
}

/**
 * One change of a tenant's subscription at a time, the first one too. Not a lock on the tenant's row:
 * whoever changes the tenant takes the configuration lock first, and would wait for us in a circle.
 */
export async function lockSubscription(tx: Tx, tenantId: string): Promise<Subscription | null> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('subscription:' || ${tenantId}::text, 0))`;
  return tx.subscription.findUnique({ where: { tenantId } });
}

function endedOf(row: Subscription) {
  const { tenantId, currency, provider, wholeHours } = row;
  return { tenantId, currency, provider, wholeHours, start: row.periodStart, end: row.periodEnd };
}

function shown(row: Omit<Subscription, 'tenantId' | 'createdAt' | 'external'>) {
  return {
    planId: row.planId,
    state: row.state,
    interval: row.interval,
    currency: row.currency,
    periodStart: row.periodStart.toISOString(),
    periodEnd: row.periodEnd.toISOString(),
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAt: row.cancelAt?.toISOString() ?? null,
  };
}

function maxDate(a: Date, b: Date): Date {
  return a > b ? a : b;
}
