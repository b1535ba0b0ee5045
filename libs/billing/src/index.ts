export type { BillingHooks } from './hooks.js';
export {
  PaymentProvider,
  type CheckoutOrder,
  type FinalInvoice,
  type GivenCredit,
  type HourReport,
  type PortalOrder,
} from './payments/port.js';
export { Invoices } from './invoicing/invoices.js';
export { balances, uncleared, type Balance } from './ledger/balances.js';
export { LedgerConflict, post, reverse, type EntryWish, type Posting } from './ledger/post.js';
export { PaymentRefused, Payments, type PaymentFacts } from './payments/payments.js';
export { Subscriptions, type SubscriptionFacts } from './plans/subscriptions.js';
export { stripeClient, type StripeAccount } from './payments/stripe/client.js';
export {
  type EventHandlers,
  isKnownEvent,
  objectOfEvent,
  SNAPSHOT_EVENTS,
  THIN_EVENTS,
} from './payments/stripe/event-handlers.js';
export type { StripeParts } from './payments/stripe/parts.js';
export { StripeAdapter } from './payments/stripe/stripe-adapter.js';
