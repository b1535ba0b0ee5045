import type Stripe from 'stripe';
import type { FakeAccount } from './account.js';
import { addMonths } from './clock.js';
import type { Invoicing } from './invoicing.js';

/** When a period that begins at `start` ends, counted from the anchor so that no day is lost in February. */
export function periodEnd(anchor: number, start: number, price: Stripe.Price): number {
  const { interval = 'month', interval_count: count = 1 } = price.recurring ?? {};
  const months = (interval === 'year' ? 12 : interval === 'month' ? 1 : 0) * count;
  if (months === 0) return start + (interval === 'week' ? 7 : 1) * count * 86_400;
  for (let n = months; ; n += months) {
    const end = addMonths(anchor, n);
    if (end > start) return end;
  }
}

/** Moves the fake's time on, and does in order what Stripe does by itself as time passes. */
export class Cycles {
  constructor(
    private readonly account: FakeAccount,
    private readonly invoicing: Invoicing,
  ) {}

  advanceTo(ms: number): void {
    const { clock } = this.account;
    for (;;) {
      const next = this.nextMoment(ms);
      if (next === null) break;
      clock.set(next.at * 1000);
      next.run();
    }
    clock.set(ms);
  }

  /** What happens first until then: a trial's or period's end, or a draft that becomes final. */
  private nextMoment(ms: number): { at: number; run: () => void } | null {
    const moments: { at: number; run: () => void }[] = [];
    for (const subscription of this.account.subscriptions.values()) {
      if (subscription.status === 'canceled') continue;
      const ends = subscription.items.data.map((item) => item.current_period_end);
      if (ends.length > 0) {
        moments.push({ at: Math.min(...ends), run: () => this.turn(subscription) });
      }
    }
    for (const invoice of this.account.invoices.values()) {
      if (invoice.status !== 'draft' || invoice.automatically_finalizes_at === null) continue;
      const at = invoice.automatically_finalizes_at;
      moments.push({ at, run: () => this.invoicing.finalize(invoice) });
    }
    moments.sort((a, b) => a.at - b.at);
    const [first] = moments;
    return first && first.at * 1000 <= ms ? first : null;
  }

  private turn(subscription: Stripe.Subscription): void {
    const now = this.account.clock.seconds();
    const due = subscription.items.data.filter((item) => item.current_period_end <= now);
    const [item] = due;
    if (!item) return;
    const past = { start: item.current_period_start, end: item.current_period_end };
    const onTrial = subscription.status === 'trialing';
    if (onTrial) {
      subscription.status = 'active';
      subscription.billing_cycle_anchor = past.end;
    }
    if (subscription.cancel_at_period_end) {
      this.cancel(subscription, past.end);
      return;
    }
    for (const one of due) {
      one.current_period_start = one.current_period_end;
      one.current_period_end = periodEnd(
        subscription.billing_cycle_anchor,
        one.current_period_start,
        one.price,
      );
    }
    const next = { start: item.current_period_start, end: item.current_period_end };
    this.account.emit('customer.subscription.updated', subscription);
    if (subscription.status !== 'paused') {
      // What is used on trial is not charged.
      this.invoicing.create(subscription, 'subscription_cycle', onTrial ? null : past, next);
    }
  }

  /** Ends it now; what was used is billed. */
  cancel(subscription: Stripe.Subscription, at: number): void {
    const start = subscription.items.data[0]?.current_period_start ?? at;
    subscription.status = 'canceled';
    subscription.canceled_at ??= at;
    subscription.ended_at = at;
    subscription.cancel_at_period_end = false;
    if (at > start) {
      this.invoicing.create(subscription, 'subscription_cycle', { start, end: at }, null);
    }
    this.account.emit('customer.subscription.deleted', subscription);
  }
}
