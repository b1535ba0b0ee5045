import { found, newestFirst, type FakeAccount } from '../account.js';
import { metadata, text } from '../form.js';
import type { Invoicing } from '../invoicing.js';
import { page } from '../list.js';
import { invalid, Refusal } from '../refusal.js';
import type { Routes } from '../routes.js';

export function invoiceRoutes(account: FakeAccount, invoicing: Invoicing): Routes {
  const { invoices } = account;
  const of = (id: string) => {
    const invoice = found(invoices, 'invoice', id);
    invoicing.refresh(invoice);
    return invoice;
  };
  return {
    'GET /v1/invoices': (query) => {
      const customer = text(query, 'customer');
      const status = text(query, 'status');
      const subscription = text(query, 'subscription');
      const rows = newestFirst(invoices).filter(
        (row) =>
          (customer === null || row.customer === customer) &&
          (status === null || row.status === status) &&
          (subscription === null ||
            row.parent?.subscription_details?.subscription === subscription),
      );
      return page(rows, query, '/v1/invoices');
    },
    'GET /v1/invoices/:id': (_query, [id = '']) => of(id),
    'GET /v1/invoices/:id/lines': (query, [id = '']) =>
      page(of(id).lines.data, query, `/v1/invoices/${id}/lines`),
    'POST /v1/invoices/:id': (form, [id = '']) => {
      const invoice = of(id);
      invoice.metadata = metadata(form, invoice.metadata ?? {});
      if (form['auto_advance'] !== undefined) {
        invoice.auto_advance = form['auto_advance'] === 'true';
        if (!invoice.auto_advance) invoice.automatically_finalizes_at = null;
      }
      account.emit('invoice.updated', invoice);
      return invoice;
    },
    'POST /v1/invoices/:id/finalize': (_form, [id = '']) => {
      const invoice = of(id);
      if (invoice.status !== 'draft') throw invalid('This invoice is already finalized.', 'id');
      invoicing.finalize(invoice);
      return invoice;
    },
    'POST /v1/invoices/:id/pay': (_form, [id = '']) => {
      const invoice = of(id);
      if (invoice.status !== 'open') throw invalid(`Invoice is ${invoice.status}.`, 'id');
      invoicing.collect(invoice);
      if (String(invoice.status) !== 'paid') {
        throw new Refusal(402, 'card_error', 'Your card was declined.', { code: 'card_declined' });
      }
      return invoice;
    },
    'POST /v1/invoices/:id/void': (_form, [id = '']) => {
      const invoice = of(id);
      if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
        throw invalid(`You can only void an open invoice; this one is ${invoice.status}.`, 'id');
      }
      invoicing.void(invoice);
      return invoice;
    },
  };
}
