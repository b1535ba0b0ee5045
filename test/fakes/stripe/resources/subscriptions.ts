import type Stripe from 'stripe';
import { found, newestFirst, type FakeAccount } from '../account.js';
import { periodEnd, type Cycles } from '../cycles.js';
import { metadata, needed, part, parts, text, truth, whole, type Form } from '../form.js';
import type { Invoicing } from '../invoicing.js';
import { page } from '../list.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';
import { blankSubscription, subscriptionItem } from '../shapes.js';

export function subscriptionRoutes(
  account: FakeAccount,
  invoicing: Invoicing,
  cycles: Cycles,
): Routes {
  const { subscriptions } = account;
  const of = (id: string) => found(subscriptions, 'subscription', id);
  return {
    'POST /v1/subscriptions': (form) =>
      startSubscription(account, invoicing, {
        customer: needed(form, 'customer'),
        items: parts(form, 'items'),
        metadata: metadata(form),
        trialDays: whole(form, 'trial_period_days'),
      }),
    'GET /v1/subscriptions': (query) => {
      const customer = text(query, 'customer');
      const status = text(query, 'status');
      const rows = newestFirst(subscriptions).filter(
        (row) =>
          (customer === null || row.customer === customer) &&
          (status === 'all' ||
            (status === null ? row.status !== 'canceled' : row.status === status)),
      );
      return page(rows, query, '/v1/subscriptions');
    },
    'GET /v1/subscriptions/:id': (_query, [id = '']) => of(id),
    'POST /v1/subscriptions/:id': (form, [id = '']) => {
      const subscription = of(id);
      if (subscription.status === 'canceled') {
        throw invalid('A canceled subscription can only update its metadata.', 'id');
      }
      subscription.metadata = metadata(form, subscription.metadata);
      subscription.cancel_at_period_end =
        truth(form, 'cancel_at_period_end') ?? subscription.cancel_at_period_end;
      subscription.canceled_at = subscription.cancel_at_period_end ? account.clock.seconds() : null;
      const pause = part(form, 'pause_collection');
      if (pause) {
        subscription.pause_collection = { behavior: needed(pause, 'behavior'), resumes_at: null };
      }
      changeItems(account, subscription, parts(form, 'items'));
      account.emit('customer.subscription.updated', subscription);
      return subscription;
    },
    'DELETE /v1/subscriptions/:id': (_form, [id = '']) => {
      const subscription = of(id);
      if (subscription.status === 'canceled') throw invalid('It is canceled already.', 'id');
      cycles.cancel(subscription, account.clock.seconds());
      return subscription;
    },
    'POST /v1/subscriptions/:id/pause': (_form, [id = '']) => {
      const subscription = of(id);
      subscription.status = 'paused';
      account.emit('customer.subscription.paused', subscription);
      return subscription;
    },
    'POST /v1/subscriptions/:id/resume': (_form, [id = '']) => {
      const subscription = of(id);
      if (subscription.status !== 'paused') throw invalid('It is not paused.', 'id');
      subscription.status = 'active';
      account.emit('customer.subscription.resumed', subscription);
      return subscription;
    },
  };
}

export interface NewSubscription {
  readonly customer: string;
  readonly items: readonly Form[];
  readonly metadata: Record<string, string>;
  readonly trialDays: number | null;
}

export function startSubscription(
  account: FakeAccount,
  invoicing: Invoicing,
  asked: NewSubscription,
): Stripe.Subscription {
  account.customer(asked.customer);
  if (asked.items.length === 0) throw invalid('Missing required param: items.', 'items');
  const now = account.clock.seconds();
  const trialEnd = asked.trialDays === null ? null : now + asked.trialDays * 86_400;
  const prices = asked.items.map((form) => priceOf(account, form));
  const subscription = blankSubscription(account.id('sub'), {
    billing_cycle_anchor: trialEnd ?? now,
    created: now,
    currency: prices[0]?.currency ?? 'usd',
    customer: asked.customer,
    metadata: asked.metadata,
    start_date: now,
  });
  subscription.items.data = asked.items.map((form, at) => {
    const price = prices[at] as Stripe.Price;
    const quantity = whole(form, 'quantity');
    return subscriptionItem(account.id('si'), price, {
      created: now,
      current_period_start: now,
      current_period_end: trialEnd ?? periodEnd(now, now, price),
      metadata: metadata(form),
      subscription: subscription.id,
      ...(quantity === null ? {} : { quantity }),
    });
  });
  if (trialEnd !== null) {
    subscription.status = 'trialing';
    subscription.trial_start = now;
    subscription.trial_end = trialEnd;
  }
  account.subscriptions.set(subscription.id, subscription);
  account.emit('customer.subscription.created', subscription);
  if (trialEnd === null) {
    const end = subscription.items.data[0]?.current_period_end ?? now;
    invoicing.create(subscription, 'subscription_create', null, { start: now, end });
  }
  return subscription;
}

/** `items[n][id]` changes one, `deleted` takes it away, without an id one is added. */
function changeItems(
  account: FakeAccount,
  subscription: Stripe.Subscription,
  forms: readonly Form[],
): void {
  for (const form of forms) {
    const id = text(form, 'id');
    if (id === null) {
      const first = subscription.items.data[0];
      const price = priceOf(account, form);
      const now = account.clock.seconds();
      subscription.items.data.push(
        subscriptionItem(account.id('si'), price, {
          created: now,
          current_period_start: first?.current_period_start ?? now,
          current_period_end: first?.current_period_end ?? periodEnd(now, now, price),
          metadata: metadata(form),
          subscription: subscription.id,
        }),
      );
      continue;
    }
    const item = subscription.items.data.find((row) => row.id === id);
    if (!item) throw invalid(`No such subscription item: '${id}'`, 'items', 'resource_missing');
    if (truth(form, 'deleted') === true) {
      subscription.items.data = subscription.items.data.filter((row) => row !== item);
      continue;
    }
    if (text(form, 'price') !== null) item.price = priceOf(account, form);
  }
}

function priceOf(account: FakeAccount, form: Form): Stripe.Price {
  const price = found(account.prices, 'price', needed(form, 'price'));
  if (!price.active)
    throw invalid('The price is inactive and takes no new subscriptions.', 'price');
  return price;
}
