import type Stripe from 'stripe';
import { found, newestFirst, type FakeAccount } from '../account.js';
import { metadata, needed, text, truth, type Form } from '../form.js';
import { page } from '../list.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';

export function productRoutes(account: FakeAccount): Routes {
  const { products } = account;
  return {
    'POST /v1/products': (form) => {
      const product = makeProduct(account, form);
      if (products.has(product.id)) {
        throw invalid(`Product already exists.`, 'id', 'resource_already_exists');
      }
      products.set(product.id, product);
      account.emit('product.created', product);
      return product;
    },
    'GET /v1/products': (query) => page(newestFirst(products), query, '/v1/products'),
    'GET /v1/products/:id': (_query, [id = '']) => found(products, 'product', id),
    'POST /v1/products/:id': (form, [id = '']) => {
      const product = found(products, 'product', id);
      product.name = text(form, 'name') ?? product.name;
      product.active = truth(form, 'active') ?? product.active;
      product.metadata = metadata(form, product.metadata);
      product.updated = account.clock.seconds();
      account.emit('product.updated', product);
      return product;
    },
  };
}

function makeProduct(account: FakeAccount, form: Form): Stripe.Product {
  return {
    id: text(form, 'id') ?? account.id('prod'),
    object: 'product',
    active: truth(form, 'active') ?? true,
    created: account.clock.seconds(),
    default_price: null,
    description: text(form, 'description'),
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: metadata(form),
    name: needed(form, 'name'),
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: text(form, 'unit_label'),
    updated: account.clock.seconds(),
    url: null,
  };
}
