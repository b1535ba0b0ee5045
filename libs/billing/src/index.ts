export { giveCredit, type CreditWish } from './credits/credits.js';
export type { BillingHooks } from './hooks.js';
export { HOUR_MS, nextFullHour } from './hours.js';
export { explain, shownLine } from './invoicing/explain.js';
export { FAILPOINTS, type Failpoint, type FailpointName } from './invoicing/failpoints.js';
export { Invoices } from './invoicing/invoices.js';
export { moneyText } from './invoicing/money-text.js';
export { invoicePdf } from './invoicing/pdf.js';
export { InvoicingRun, type InvoicingOptions } from './invoicing/run.js';
export { upcoming } from './invoicing/upcoming.js';
export { balances, uncleared, type Balance } from './ledger/balances.js';
export { LedgerConflict, post, reverse, type EntryWish, type Posting } from './ledger/post.js';
export { InvoiceProvider } from './payments/invoice-provider.js';
export { PaymentRefused, Payments, type PaymentFacts } from './payments/payments.js';
export {
  PaymentProvider,
  type CheckoutOrder,
  type FinalInvoice,
  type GivenCredit,
  type HourReport,
  type PortalOrder,
} from './payments/port.js';
export {
  changePlan,
  createPlan,
  publicPlans,
  retirePlan,
  seedPlans,
  shownPlan,
} from './plans/catalogue.js';
export { Subscriptions, type SubscriptionFacts } from './plans/subscriptions.js';
export { stripeClient, type StripeAccount } from './payments/stripe/client.js';
export {
  type EventHandlers,
  isKnownEvent,
  objectOfEvent,
  SNAPSHOT_EVENTS,
  THIN_EVENTS,
} from './payments/stripe/event-handlers.js';
export { refusalKey, versionsOf } from './payments/stripe/hour-sender.js';
export type { StripeParts } from './payments/stripe/parts.js';
export { StripeAdapter } from './payments/stripe/stripe-adapter.js';
export { rate, type HourUsage, type RatedPeriod } from './rating/rate.js';
export { SpendGuard, type LevelChange } from './spend/guard.js';
export { levelOf, type BudgetRule, type SpendLevel } from './spend/levels.js';
export { stripeSdk } from './payments/stripe/sdk.js';
