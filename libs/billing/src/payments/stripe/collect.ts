import { createHash } from 'node:crypto';
import { METERS, type Meter } from '#contracts';
import type Stripe from 'stripe';
import { type Invoices } from '../../invoicing/invoices.js';
import type { FinalInvoice } from '../port.js';
import { toMinor, toUnits } from './amounts.js';
import type { StoredCalls } from './calls.js';
import type { Customers } from './customers.js';
import type { Differences } from './differences.js';
import { wantedLines, type KnownOdds, type TheirUsage, type WantedLine } from './invoice-lines.js';
import { META } from './names.js';
import { NotYetCollected } from './not-yet-collected.js';
import type { StripeParts } from './parts.js';
import type { PeriodInvoices } from './period-invoice.js';
import { toldUnits } from './told-units.js';

/**
 * Has Stripe collect a final invoice, to the cent. Stripe has rated the usage that it was told into a
 * draft, which it keeps until we let it go: its quantities are compared with the ledger, what it cannot
 * know (base fee, adjustments, discounts, tax, roundings) is put onto it as lines, and only when it says
 * the ledger's total is it made final. What came after our invoice was final is on our next one, as an
 * adjustment: here a line takes it off again. What Stripe never took, and an operator gave up to tell, a line
 * puts onto it. Every step looks first whether it was done.
 */
export class Collector {
  constructor(
    private readonly parts: StripeParts,
    private readonly customers: Customers,
    private readonly calls: StoredCalls,
    private readonly periods: PeriodInvoices,
    private readonly differences: Differences,
    private readonly invoices: Invoices,
  ) {}

  async collect(invoice: FinalInvoice): Promise<void> {
    const { stripe, step } = this.parts;
    const customer = await this.customers.of(invoice.tenantId);
    const found = await this.periods.find(invoice, customer);
    if (found === null) return;
    step?.('draft found');
    if (found.status === 'draft') {
      const usage = await this.periods.usageOf(found);
      const known = await this.compare(invoice, usage);
      await this.addLines(invoice, found, usage, known);
      step?.('lines added');
      await this.grant(invoice, customer, usage);
      step?.('credits granted');
      await stripe.invoices.finalizeInvoice(found.id, { auto_advance: true });
      step?.('invoice made final at Stripe');
    }
    await this.check(invoice, found.id);
    await this.parts.database.asSystem((tx) =>
      this.invoices.attachExternal(tx, {
        tenantId: invoice.tenantId,
        invoiceId: invoice.id,
        external: { stripeInvoiceId: found.id },
      }),
    );
  }

  /**
   * @returns meters of which Stripe has other usage than the invoice, as is known and right: it was told more
   *   after the invoice had become final, or an operator gave up hours that it did not take
   * @throws NotYetCollected while Stripe has counted something else
   */
  private async compare(invoice: FinalInvoice, usage: TheirUsage): Promise<KnownOdds> {
    const known = new Map<Meter, string>();
    for (const [meter, { quantity }] of usage) {
      const lines = invoice.lines.filter((line) => line.kind === 'usage' && line.meter === meter);
      const ours = lines.reduce((sum, { units }) => sum + units, 0n);
      const theirs = toUnits(meter, quantity);
      const key = `invoice:${invoice.id}:${meter}`;
      if (ours === theirs) {
        await this.parts.database.asSystem((tx) => this.differences.settle(tx, [key]));
        continue;
      }
      // Prices that changed in mid-period part the usage at Stripe, and its lines show a part alone.
      const isWhole = lines.length <= 1;
      const told = isWhole ? await toldUnits(this.parts.database, invoice, meter) : null;
      if (told !== null && theirs === told.taken && told.taken + told.forgone >= ours) {
        known.set(meter, theirs > ours ? 'Charged with the next invoice' : 'Not metered by Stripe');
        await this.parts.database.asSystem((tx) => this.differences.settle(tx, [key]));
        continue;
      }
      await this.differences.raise({
        key,
        kind: 'invoice_quantity',
        tenantId: invoice.tenantId,
        ours: `${ours} ${METERS[meter].base}`,
        theirs: `${theirs} ${METERS[meter].base}`,
        note: isWhole
          ? 'The invoice is held back at Stripe until both agree: look at the hours of this tenant that differ.'
          : 'The plan changed in mid-period; the invoice is brought to the ledger’s total by a line.',
      });
      if (isWhole) {
        throw new NotYetCollected(
          `Stripe has ${theirs} of ${meter} on the draft of invoice ${invoice.number}, and the ledger ${ours}.`,
        );
      }
    }
    return known;
  }

  private async addLines(
    invoice: FinalInvoice,
    draft: Stripe.Invoice,
    usage: TheirUsage,
    known: KnownOdds,
  ): Promise<void> {
    const { lines, odd } = wantedLines(invoice, usage, known);
    for (const { meter, ours, theirs } of odd) {
      await this.differences.raise({
        key: `invoice:${invoice.id}:${meter}:amount`,
        kind: 'invoice_amount',
        tenantId: invoice.tenantId,
        ours: String(ours),
        theirs: String(theirs),
        note: 'Stripe prices the same usage otherwise by more than its rounding; a line brings the invoice to the ledger’s amount. Check that its prices are those of the plan.',
      });
    }
    const absent = async () => {
      const there = await this.namedLines(draft.id);
      return lines.filter(({ name }) => !there.has(name));
    };
    const missing = await absent();
    if (missing.length === 0) return;
    // The key names what is added: the same lines are added once, however often it is tried.
    const names = createHash('sha256').update(missing.map(({ name }) => name).join(','));
    await this.calls.once({
      key: `lines:${draft.id}:${names.digest('hex').slice(0, 32)}`,
      make: (idempotencyKey) =>
        this.parts.stripe.invoices.addLines(
          draft.id,
          { lines: missing.map(asParam), invoice_metadata: { [META.invoice]: invoice.id } },
          { idempotencyKey },
        ),
      find: async () => ((await absent()).length === 0 ? draft.id : null),
      isMissing: true,
    });
  }

  private async namedLines(draft: string): Promise<ReadonlySet<string>> {
    const there = new Set<string>();
    for await (const line of this.parts.stripe.invoices.listLineItems(draft, { limit: 100 })) {
      const name = line.metadata[META.line];
      if (name !== undefined) there.add(name);
    }
    return there;
  }

  /** Stripe uses grants for metered lines alone; what else credits pay is a line already. */
  private async grant(invoice: FinalInvoice, customer: string, usage: TheirUsage): Promise<void> {
    const { granted } = wantedLines(invoice, usage);
    if (granted === 0) return;
    const { stripe } = this.parts;
    const metadata = { [META.invoice]: invoice.id };
    await this.calls.once({
      key: `credit:${invoice.id}`,
      make: (idempotencyKey) =>
        stripe.billing.creditGrants.create(
          {
            customer,
            name: `Credits of invoice ${invoice.number}`,
            category: 'promotional',
            amount: {
              type: 'monetary',
              monetary: { currency: invoice.currency.toLowerCase(), value: granted },
            },
            applicability_config: { scope: { price_type: 'metered' } },
            metadata,
          },
          { idempotencyKey },
        ),
      find: async () => {
        for await (const row of stripe.billing.creditGrants.list({ customer, limit: 100 })) {
          if (row.metadata[META.invoice] === invoice.id) return row.id;
        }
        return null;
      },
    });
  }

  private async check(invoice: FinalInvoice, id: string): Promise<void> {
    const { total } = await this.parts.stripe.invoices.retrieve(id);
    const due = toMinor(invoice.dueMicro, invoice.currency);
    const key = `invoice:${invoice.id}:total`;
    if (total === due) {
      await this.parts.database.asSystem((tx) => this.differences.settle(tx, [key]));
      return;
    }
    await this.differences.raise({
      key,
      kind: 'invoice_amount',
      tenantId: invoice.tenantId,
      ours: String(due),
      theirs: String(total),
      note: `Stripe’s invoice ${id} was made final with another total than ours (${invoice.number}). Correct it there by a credit note, or here by a reversal.`,
    });
  }
}

function asParam(line: WantedLine): Stripe.InvoiceAddLinesParams.Line {
  return {
    amount: line.amount,
    description: line.description,
    metadata: { [META.line]: line.name },
  };
}
