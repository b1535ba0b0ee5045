import type Stripe from 'stripe';
import type { FakeAccount } from '../account.js';
import { needed, text } from '../form.js';
import type { Routes } from '../routes.js';

export function portalRoutes(account: FakeAccount, base: () => string): Routes {
  return {
    'POST /v1/billing_portal/sessions': (form): Stripe.BillingPortal.Session => {
      const customer = account.customer(needed(form, 'customer'));
      const id = account.id('bps');
      return {
        id,
        object: 'billing_portal.session',
        configuration: 'bpc_fake',
        created: account.clock.seconds(),
        customer: customer.id,
        customer_account: null,
        flow: null,
        livemode: false,
        locale: null,
        on_behalf_of: null,
        return_url: text(form, 'return_url'),
        url: `${base()}/portal/${id}`,
      };
    },
  };
}
