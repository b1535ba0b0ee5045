import type Stripe from 'stripe';
import { found, newestFirst, type FakeAccount } from '../account.js';
import { metadata, needed, part, text, whole, type Form } from '../form.js';
import { page } from '../list.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';

export function creditGrantRoutes(account: FakeAccount): Routes {
  const { grants } = account;
  return {
    'POST /v1/billing/credit_grants': (form) => {
      const grant = makeGrant(account, form);
      grants.set(grant.id, grant);
      account.grantsLeft.set(grant.id, grant.amount.monetary?.value ?? 0);
      account.emit('billing.credit_grant.created', grant);
      return grant;
    },
    'GET /v1/billing/credit_grants': (query) => {
      const customer = text(query, 'customer');
      const rows = newestFirst(grants).filter(
        (row) => customer === null || row.customer === customer,
      );
      return page(rows, query, '/v1/billing/credit_grants');
    },
    'GET /v1/billing/credit_grants/:id': (_query, [id = '']) => found(grants, 'credit grant', id),
    'POST /v1/billing/credit_grants/:id/void': (_form, [id = '']) => {
      const grant = found(grants, 'credit grant', id);
      grant.voided_at = account.clock.seconds();
      account.grantsLeft.set(id, 0);
      account.emit('billing.credit_grant.updated', grant);
      return grant;
    },
  };
}

function makeGrant(account: FakeAccount, form: Form): Stripe.Billing.CreditGrant {
  const customer = account.customer(needed(form, 'customer'));
  const monetary = part(part(form, 'amount') ?? {}, 'monetary') ?? {};
  const value = whole(monetary, 'value') ?? 0;
  const scope = part(part(form, 'applicability_config') ?? {}, 'scope') ?? {};
  if (value <= 0) throw invalid('amount[monetary][value] must be above 0.', 'amount');
  if (text(scope, 'price_type') !== 'metered')
    throw invalid('Set the scope.', 'applicability_config');
  const now = account.clock.seconds();
  return {
    id: account.id('credgr'),
    object: 'billing.credit_grant',
    amount: { monetary: { currency: needed(monetary, 'currency'), value }, type: 'monetary' },
    applicability_config: { scope: { price_type: 'metered' } },
    category: text(form, 'category') ?? 'promotional',
    created: now,
    customer: customer.id,
    customer_account: null,
    effective_at: whole(form, 'effective_at') ?? now,
    expires_at: whole(form, 'expires_at'),
    livemode: false,
    metadata: metadata(form),
    name: text(form, 'name'),
    priority: whole(form, 'priority') ?? 50,
    test_clock: null,
    updated: now,
    voided_at: null,
  };
}
