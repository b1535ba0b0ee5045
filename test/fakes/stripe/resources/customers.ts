import type Stripe from 'stripe';
import { newestFirst, type FakeAccount } from '../account.js';
import { metadata, needed, text, whole, type Form } from '../form.js';
import { page } from '../list.js';
import { invalid, missing } from '../refusal.js';
import type { Routes } from '../routes.js';

export function customerRoutes(account: FakeAccount): Routes {
  return {
    'POST /v1/customers': (form) => {
      const customer = makeCustomer(account, form);
      account.customers.set(customer.id, customer);
      account.emit('customer.created', customer);
      return customer;
    },
    'GET /v1/customers': (query) => {
      const email = text(query, 'email');
      const rows = newestFirst(account.customers).filter(
        (row): row is Stripe.Customer => !row.deleted && (email === null || row.email === email),
      );
      return page(rows, query, '/v1/customers');
    },
    // Before the route by id: `search` is no customer. One `metadata['name']:'value'` is understood.
    'GET /v1/customers/search': (query) => {
      const asked = /^metadata\['(\w+)'\]:'([^']+)'$/.exec(needed(query, 'query'));
      if (!asked) throw invalid('The fake does not understand this query.', 'query');
      const [, name = '', value] = asked;
      const rows = newestFirst(account.customers).filter(
        (row): row is Stripe.Customer => !row.deleted && row.metadata[name] === value,
      );
      return {
        ...page(rows, query, '/v1/customers/search'),
        object: 'search_result',
        next_page: null,
      };
    },
    'GET /v1/customers/:id': (_query, [id = '']) => {
      const customer = account.customers.get(id);
      if (!customer) throw missing('customer', id);
      return customer;
    },
    'POST /v1/customers/:id': (form, [id = '']) => {
      const customer = account.customer(id);
      customer.name = form['name'] === undefined ? (customer.name ?? null) : text(form, 'name');
      customer.email = form['email'] === undefined ? customer.email : text(form, 'email');
      customer.metadata = metadata(form, customer.metadata);
      account.emit('customer.updated', customer);
      return customer;
    },
    'DELETE /v1/customers/:id': (_form, [id = '']) => {
      const customer = account.customer(id);
      const gone: Stripe.DeletedCustomer = { id, object: 'customer', deleted: true };
      account.customers.set(id, gone);
      account.emit('customer.deleted', customer);
      return gone;
    },
  };
}

function makeCustomer(account: FakeAccount, form: Form): Stripe.Customer {
  return {
    id: account.id('cus'),
    object: 'customer',
    address: null,
    balance: whole(form, 'balance') ?? 0,
    created: account.clock.seconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: text(form, 'description'),
    discount: null,
    email: text(form, 'email'),
    invoice_prefix: null,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: metadata(form),
    name: text(form, 'name'),
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
