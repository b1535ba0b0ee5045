import { Problem } from '#contracts';
import { PaymentProvider, type FinalInvoice } from './port.js';

/**
 * Payment by invoice: a numbered document, and an operator who enters what arrived. For tenants without
 * Stripe, and for platforms without it.
 */
export class InvoiceProvider extends PaymentProvider {
  override readonly name = 'invoice';

  /** @param send hands the invoice to the tenant; called again after a crash, for the same invoice */
  constructor(private readonly send: (invoice: FinalInvoice) => Promise<void>) {
    super();
  }

  override checkout(): Promise<{ url: string }> {
    return Promise.reject(
      new Problem(
        'conflict',
        'This platform bills by invoice: there is nothing to check out. Choose the plan with PUT /v1/billing/plan; the invoice comes at the end of the period.',
      ),
    );
  }

  override portal(): Promise<{ url: string }> {
    return Promise.reject(
      new Problem(
        'conflict',
        'This tenant pays by invoice and has no payment portal. Its invoices are at GET /v1/billing/invoices; the bank details are on each PDF.',
      ),
    );
  }

  override reportHour(): Promise<void> {
    return Promise.resolve();
  }

  override collect(invoice: FinalInvoice): Promise<void> {
    return invoice.dueMicro > 0n ? this.send(invoice) : Promise.resolve();
  }

  override creditGrant(): Promise<void> {
    return Promise.resolve();
  }
}
