import { found, newestFirst, type FakeAccount } from '../account.js';
import { metadata, needed, part, parts, text, whole } from '../form.js';
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
    'POST /v1/invoices': (form) => {
      const customer = account.customer(needed(form, 'customer'));
      const invoice = invoicing.createBare(customer.id, text(form, 'currency') ?? 'usd');
      invoice.metadata = metadata(form);
      invoice.auto_advance = form['auto_advance'] === 'true';
      invoice.description = text(form, 'description');
      return invoice;
    },
    'POST /v1/invoices/:id/add_lines': (form, [id = '']) => {
      const invoice = of(id);
      if (invoice.status !== 'draft') throw invalid('This invoice is no longer editable.', 'id');
      for (const line of parts(form, 'lines')) {
        invoicing.addLine(invoice, {
          amount: whole(line, 'amount') ?? 0,
          description: text(line, 'description'),
          metadata: metadata(line),
        });
      }
      const said = part(form, 'invoice_metadata');
      if (said) invoice.metadata = metadata({ metadata: said }, invoice.metadata ?? {});
      account.emit('invoice.updated', invoice);
      return invoice;
    },
    'GET /v1/invoices': (query) => {
      const customer = text(query, 'customer');
      const status = text(query, 'status');
      const subscription = text(query, 'subscription');
      const since = whole(part(query, 'created') ?? {}, 'gte') ?? 0;
      const rows = newestFirst(invoices).filter(
        (row) =>
          (customer === null || row.customer === customer) &&
          (status === null || row.status === status) &&
          row.created >= since &&
          (subscription === null ||
            row.parent?.subscription_details?.subscription === subscription),
      );
      const cut = page(rows, query, '/v1/invoices');
      for (const row of cut.data) invoicing.refresh(row);
      return cut;
    },
    'GET /v1/invoices/:id': (_query, [id = '']) => of(id),
    'GET /v1/invoices/:id/lines': (query, [id = '']) =>
      page(of(id).lines.data, query, `/v1/invoices/${id}/lines`),
    'POST /v1/invoices/:id': (form, [id = '']) => {
      const invoice = of(id);
      invoice.metadata = metadata(form, invoice.metadata ?? {});
      invoice.description = text(form, 'description') ?? invoice.description;
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
