import type { BillingHooks } from '../../hooks.js';
import { Invoices } from '../../invoicing/invoices.js';
import { Subscriptions } from '../../plans/subscriptions.js';
import { Payments } from '../payments.js';
import { StoredCalls } from './calls.js';
import { Catalogue } from './catalogue.js';
import { Collector } from './collect.js';
import { Customers } from './customers.js';
import { Differences } from './differences.js';
import { EventHandlers } from './event-handlers.js';
import { HourReconciliation } from './hour-reconcile.js';
import { sealHours } from './hour-seal.js';
import { HourSender } from './hour-sender.js';
import { InvoiceSync } from './invoice-sync.js';
import { StripeMeters } from './meters.js';
import type { StripeParts } from './parts.js';
import { PeriodInvoices } from './period-invoice.js';
import { StripeProvider } from './stripe-provider.js';
import { SubscriptionSync } from './subscription-sync.js';

/** Everything that runs between the ledger and Stripe, put together. */
export class StripeAdapter {
  readonly provider: StripeProvider;
  readonly catalogue: Catalogue;
  readonly sender: HourSender;
  readonly reconciliation: HourReconciliation;
  readonly differences: Differences;
  readonly handlers: EventHandlers;

  constructor(
    readonly parts: StripeParts,
    hooks: BillingHooks,
  ) {
    const calls = new StoredCalls(parts);
    const meters = new StripeMeters(parts, calls);
    const customers = new Customers(parts, calls);
    const invoices = new Invoices(hooks);
    this.differences = new Differences(parts);
    this.catalogue = new Catalogue(parts, calls, meters);
    this.sender = new HourSender(parts, meters, this.differences);
    this.reconciliation = new HourReconciliation(parts, meters, this.differences);
    const periods = new PeriodInvoices(parts, calls);
    const collector = new Collector(parts, customers, calls, periods, this.differences, invoices);
    this.provider = new StripeProvider(parts, customers, this.catalogue, collector);
    const subscriptions = new Subscriptions(hooks);
    this.handlers = new EventHandlers(
      parts,
      new SubscriptionSync(parts, subscriptions, this.catalogue, this.differences),
      new InvoiceSync(parts, new Payments(hooks), invoices, this.differences),
      this.differences,
    );
  }

  /** Writes the hours that are over into the outbox. */
  seal(): Promise<number> {
    return sealHours(this.parts);
  }

  /** Sends all that is due. */
  async send(): Promise<void> {
    while ((await this.sender.run()) > 0);
  }
}
