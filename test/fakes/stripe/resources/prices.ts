import Stripe from 'stripe';
import { found, newestFirst, type FakeAccount } from '../account.js';
import { metadata, needed, part, parts, text, texts, truth, whole, type Form } from '../form.js';
import { page } from '../list.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';

export function priceRoutes(account: FakeAccount): Routes {
  const { prices } = account;
  return {
    'POST /v1/prices': (form) => {
      const price = makePrice(account, form);
      claimLookupKey(account, price, truth(form, 'transfer_lookup_key') === true);
      prices.set(price.id, price);
      account.emit('price.created', shown(price, form));
      return shown(price, form);
    },
    'GET /v1/prices': (query) => {
      const keys = texts(query, 'lookup_keys');
      if (keys.length > 10) throw invalid('At most 10 lookup_keys at once.', 'lookup_keys');
      const product = text(query, 'product');
      const active = truth(query, 'active');
      const rows = newestFirst(prices).filter(
        (price) =>
          (keys.length === 0 || (price.lookup_key !== null && keys.includes(price.lookup_key))) &&
          (product === null || price.product === product) &&
          (active === null || price.active === active),
      );
      const cut = page(rows, query, '/v1/prices');
      return { ...cut, data: cut.data.map((price) => shown(price, query)) };
    },
    'GET /v1/prices/:id': (query, [id = '']) => shown(found(prices, 'price', id), query),
    'POST /v1/prices/:id': (form, [id = '']) => {
      const price = found(prices, 'price', id);
      price.active = truth(form, 'active') ?? price.active;
      price.metadata = metadata(form, price.metadata);
      price.nickname = text(form, 'nickname') ?? price.nickname;
      if (form['lookup_key'] !== undefined) {
        price.lookup_key = text(form, 'lookup_key');
        claimLookupKey(account, price, truth(form, 'transfer_lookup_key') === true);
      }
      account.emit('price.updated', shown(price, form));
      return shown(price, form);
    },
  };
}

/** A key names one price; another one takes it over only when asked. */
function claimLookupKey(account: FakeAccount, price: Stripe.Price, transfer: boolean): void {
  if (price.lookup_key === null) return;
  for (const other of account.prices.values()) {
    if (other.id === price.id || other.lookup_key !== price.lookup_key) continue;
    if (!transfer) {
      throw invalid(
        `A price (\`${other.id}\`) already uses that lookup key. Set transfer_lookup_key=true to take it over.`,
        'lookup_key',
        'resource_already_exists',
      );
    }
    other.lookup_key = null;
  }
}

/** Tiers are shown only to who asks for them. */
function shown(price: Stripe.Price, form: Form): Stripe.Price {
  const expand = texts(form, 'expand');
  if (expand.includes('tiers') || expand.includes('data.tiers')) return price;
  const { tiers: _tiers, ...rest } = price;
  return rest;
}

function makePrice(account: FakeAccount, form: Form): Stripe.Price {
  const product = needed(form, 'product');
  found(account.products, 'product', product);
  const tiers = parts(form, 'tiers').map(makeTier);
  const tiered = text(form, 'billing_scheme') === 'tiered';
  const amount = text(form, 'unit_amount_decimal') ?? text(form, 'unit_amount');
  if (tiered !== tiers.length > 0 || (tiered && text(form, 'tiers_mode') === null)) {
    throw invalid('Tiered prices have tiers and a tiers_mode, others have neither.', 'tiers');
  }
  if (tiered && tiers.at(-1)?.up_to !== null) {
    throw invalid('The last tier has up_to=inf.', 'tiers');
  }
  if (!tiered && amount === null) throw invalid('You must specify unit_amount.', 'unit_amount');
  const unit = tiered || amount === null ? null : money(amount, 'unit_amount_decimal');
  return {
    id: account.id('price'),
    object: 'price',
    active: truth(form, 'active') ?? true,
    billing_scheme: tiered ? 'tiered' : 'per_unit',
    created: account.clock.seconds(),
    currency: needed(form, 'currency'),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: text(form, 'lookup_key'),
    metadata: metadata(form),
    nickname: text(form, 'nickname'),
    product,
    recurring: makeRecurring(account, form),
    tax_behavior: 'unspecified',
    ...(tiered ? { tiers } : {}),
    tiers_mode: text(form, 'tiers_mode'),
    transform_quantity: null,
    type: part(form, 'recurring') === null ? 'one_time' : 'recurring',
    unit_amount: integral(unit),
    unit_amount_decimal: unit,
  };
}

function makeRecurring(account: FakeAccount, form: Form): Stripe.Price.Recurring | null {
  const recurring = part(form, 'recurring');
  if (!recurring) return null;
  const meter = text(recurring, 'meter');
  const usage = text(recurring, 'usage_type') ?? 'licensed';
  if ((usage === 'metered') !== (meter !== null)) {
    throw invalid('Metered prices have a meter, licensed ones have none.', 'recurring[meter]');
  }
  if (meter !== null && found(account.meters, 'meter', meter).status !== 'active') {
    throw invalid('The meter is inactive.', 'recurring[meter]');
  }
  return {
    interval: needed(recurring, 'interval'),
    interval_count: whole(recurring, 'interval_count') ?? 1,
    meter,
    trial_period_days: null,
    usage_type: usage,
  };
}

function makeTier(form: Form): Stripe.Price.Tier {
  const flat = text(form, 'flat_amount_decimal') ?? text(form, 'flat_amount');
  const unit = text(form, 'unit_amount_decimal') ?? text(form, 'unit_amount');
  if (flat === null && unit === null) throw invalid('A tier has a flat or a unit amount.', 'tiers');
  const flatAmount = flat === null ? null : money(flat, 'flat_amount_decimal');
  const unitAmount = unit === null ? null : money(unit, 'unit_amount_decimal');
  const upTo = needed(form, 'up_to');
  return {
    flat_amount: integral(flatAmount),
    flat_amount_decimal: flatAmount,
    unit_amount: integral(unitAmount),
    unit_amount_decimal: unitAmount,
    up_to: upTo === 'inf' ? null : whole(form, 'up_to'),
  };
}

/** Stripe takes at most 12 places after the point. */
function money(value: string, param: string): Stripe.Decimal {
  if (!/^\d+(\.\d{1,12})?$/.test(value)) {
    throw invalid(`Invalid decimal: ${value}; must have at most 12 decimal places.`, param);
  }
  return Stripe.Decimal.from(value);
}

function integral(value: Stripe.Decimal | null): number | null {
  const text = value?.toString() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}
