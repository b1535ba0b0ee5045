import { Inject, Injectable } from '@nestjs/common';
import { balances, explain, invoicePdf } from '#billing';
import {
  Problem,
  type Explanation,
  type Invoice,
  type InvoiceWithLines,
  type LedgerAnswer,
  type ListQuery,
  type Page,
} from '#contracts';
import { Database } from '#database';
import { cut, pageById, unknownAfter } from '../data/paging.js';
import { missing } from '../http/validation.js';
import { Settings } from '../settings.js';
import { shownInvoice, wholeInvoice } from './shown.js';

/** What a tenant can see of its invoices and its ledger: all of it, and only its own. */
@Injectable()
export class InvoicesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  list(tenantId: string, query: ListQuery): Promise<Page<Invoice>> {
    return this.database.withTenant(tenantId, async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.invoice.findUnique({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.invoice.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], ...args }),
      });
      return { ...page, data: page.data.map(shownInvoice) };
    });
  }

  async get(tenantId: string, id: string): Promise<InvoiceWithLines> {
    const invoice = await this.database.withTenant(tenantId, (tx) =>
      wholeInvoice(tx, id, tenantId),
    );
    if (!invoice) throw missing('invoice');
    return invoice;
  }

  /** @throws Problem conflict for a draft, which has no number */
  async pdf(tenantId: string, id: string): Promise<Buffer> {
    const found = await this.database.withTenant(tenantId, async (tx) => {
      const invoice = await tx.invoice.findFirst({
        where: { id, tenantId },
        include: { lines: { orderBy: { n: 'asc' } } },
      });
      const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
      const profile = await tx.billingProfile.findUnique({ where: { tenantId } });
      return invoice && { invoice, name: profile?.name || tenant.name, address: profile?.address };
    });
    if (!found) throw missing('invoice');
    const { invoice, name, address = '' } = found;
    const { number, finalizedAt, dueAt } = invoice;
    if (number === null || finalizedAt === null || dueAt === null) {
      throw new Problem(
        'conflict',
        `The invoice is a draft until ${invoice.finalizesAt.toISOString()}. It has a number, and is a document, after that.`,
      );
    }
    const issuer = new URL(this.settings.apiUrl).host;
    return invoicePdf({
      ...invoice,
      ...{ number, finalizedAt, dueAt, issuer },
      customer: { name, address },
    });
  }

  async explain(tenantId: string, id: string, line: string): Promise<Explanation> {
    const n = /^\d{1,6}$/.test(line) ? Number(line) : 0;
    const explained = await this.database.withTenant(tenantId, (tx) =>
      explain(tx, tenantId, id, n),
    );
    if (!explained) throw missing('line');
    return explained;
  }

  ledger(tenantId: string, { after, limit }: ListQuery): Promise<LedgerAnswer> {
    return this.database.withTenant(tenantId, async (tx) => {
      const from = after === undefined ? null : /^\d{1,18}$/.test(after) ? BigInt(after) : -1n;
      if (from !== null && !(await tx.entryTx.findUnique({ where: { id: from } }))) {
        throw unknownAfter();
      }
      const rows = await tx.entryTx.findMany({
        where: { tenantId, ...(from === null ? {} : { id: { lt: from } }) },
        orderBy: { id: 'desc' },
        take: limit + 1,
        include: { entries: { orderBy: { n: 'asc' }, include: { account: true } } },
      });
      const { data, hasMore } = cut(rows, limit);
      const all = await balances(tx, tenantId);
      return {
        balances: all.map(({ account, currency, amountMicro }) => ({
          ...{ account, currency },
          amountMicro: String(amountMicro),
        })),
        data: data.map(({ id, at, kind, extRef, reverses, entries }) => ({
          ...{ id: String(id), at: at.toISOString(), kind, ref: extRef },
          reverses: reverses === null ? null : String(reverses),
          entries: entries.map(({ account, currency, amountMicro }) => ({
            ...{ account: account.kind, currency },
            amountMicro: String(amountMicro),
          })),
        })),
        hasMore,
      };
    });
  }
}
