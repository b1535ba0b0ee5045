import type { SubscriptionState } from '#database';
import type Stripe from 'stripe';
import type { SubscriptionFacts } from '../../plans/subscriptions.js';
import { META } from './names.js';

const STATES: Partial<Record<string, SubscriptionState>> = {
  trialing: 'trialing',
  active: 'active',
  past_due: 'past_due',
  unpaid: 'past_due',
  paused: 'paused',
  canceled: 'cancelled',
  incomplete_expired: 'cancelled',
};

/**
 * What a subscription at Stripe is to us. null: nothing yet (its first payment is open), or not of ours.
 * The plan is that of its prices: a portal that changes them leaves the subscription's own words as they are.
 */
export function subscriptionFacts(
  subscription: Stripe.Subscription,
  tenantId: string,
): SubscriptionFacts | null {
  const state = STATES[subscription.status];
  const item = subscription.items.data[0];
  const planId = item?.price.metadata[META.plan] ?? subscription.metadata[META.plan];
  const interval = (['month', 'year'] as const).find(
    (name) => name === item?.price.recurring?.interval,
  );
  if (!state || !item || planId === undefined || interval === undefined) return null;
  const date = (seconds: number) => new Date(seconds * 1000);
  const end = date(item.current_period_end);
  const { cancel_at: cancelAt, trial_end: trialEnd } = subscription;
  return {
    tenantId,
    planId,
    state,
    interval,
    currency: subscription.currency.toUpperCase(),
    periodStart: date(item.current_period_start),
    periodEnd: end,
    trialEnd: trialEnd === null ? null : date(trialEnd),
    cancelAt: cancelAt !== null ? date(cancelAt) : subscription.cancel_at_period_end ? end : null,
    provider: 'stripe',
    external: {
      customerId: idOf(subscription.customer) ?? '',
      subscriptionId: subscription.id,
    },
  };
}

/** The id of what a field names, expanded or not. */
export function idOf(field: string | { readonly id: string } | null | undefined): string | null {
  return typeof field === 'string' ? field : (field?.id ?? null);
}
