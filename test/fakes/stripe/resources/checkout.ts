import type Stripe from 'stripe';
import { found, idOf, type FakeAccount } from '../account.js';
import { metadata, part, parts, needed, text, whole, type Form } from '../form.js';
import type { Invoicing } from '../invoicing.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';
import { startSubscription } from './subscriptions.js';

/** What was asked for at checkout, until somebody pays. */
export class Checkout {
  private readonly asked = new Map<string, Form>();

  constructor(
    private readonly account: FakeAccount,
    private readonly invoicing: Invoicing,
    /** Where the fake listens; the page to pay on is below it. */
    private readonly base: () => string,
  ) {}

  routes(): Routes {
    const { sessions } = this.account;
    return {
      'POST /v1/checkout/sessions': (form) => this.create(form),
      'GET /v1/checkout/sessions/:id': (_query, [id = '']) => found(sessions, 'session', id),
      'POST /v1/checkout/sessions/:id/expire': (_form, [id = '']) => {
        const session = found(sessions, 'session', id);
        if (session.status !== 'open') throw invalid('Only open sessions can be expired.', 'id');
        session.status = 'expired';
        this.account.emit('checkout.session.expired', session);
        return session;
      },
    };
  }

  /** As when the customer pays on the page: the subscription begins. Paying twice does nothing more. */
  complete(id: string): Stripe.Checkout.Session {
    const session = found(this.account.sessions, 'session', id);
    if (session.status !== 'open') return session;
    const form = this.asked.get(id) ?? {};
    const data = part(form, 'subscription_data') ?? {};
    const subscription = startSubscription(this.account, this.invoicing, {
      customer: idOf(session.customer),
      items: parts(form, 'line_items'),
      metadata: metadata(data),
      trialDays: whole(data, 'trial_period_days'),
    });
    session.status = 'complete';
    session.payment_status = subscription.status === 'trialing' ? 'no_payment_required' : 'paid';
    session.subscription = subscription.id;
    session.invoice = subscription.latest_invoice;
    session.url = null;
    this.account.emit('checkout.session.completed', session);
    return session;
  }

  private create(form: Form): Stripe.Checkout.Session {
    if (needed(form, 'mode') !== 'subscription')
      throw invalid('The fake knows subscriptions alone.');
    const customer = this.account.customer(needed(form, 'customer'));
    for (const item of parts(form, 'line_items')) {
      const price = found(this.account.prices, 'price', needed(item, 'price'));
      if (price.recurring?.usage_type === 'metered' && item['quantity'] !== undefined) {
        throw invalid('A metered price takes no quantity.', 'line_items');
      }
    }
    const id = this.account.id('cs_test');
    const now = this.account.clock.seconds();
    const session = blankSession(id, {
      cancel_url: text(form, 'cancel_url'),
      client_reference_id: text(form, 'client_reference_id'),
      created: now,
      customer: customer.id,
      expires_at: whole(form, 'expires_at') ?? now + 86_400,
      metadata: metadata(form),
      success_url: text(form, 'success_url'),
      url: `${this.base()}/pay/${id}`,
    });
    this.asked.set(id, form);
    this.account.sessions.set(id, session);
    return session;
  }
}

function blankSession(
  id: string,
  said: Pick<
    Stripe.Checkout.Session,
    | 'cancel_url'
    | 'client_reference_id'
    | 'created'
    | 'customer'
    | 'expires_at'
    | 'metadata'
    | 'success_url'
    | 'url'
  >,
): Stripe.Checkout.Session {
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: [],
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: { enabled: false },
    mode: 'subscription',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    total_details: null,
    ui_mode: 'hosted_page',
    wallet_options: null,
    ...said,
  };
}
