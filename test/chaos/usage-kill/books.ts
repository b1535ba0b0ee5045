import type {
  Explanation,
  InvoiceWithLines,
  LedgerAnswer,
  PlanAnswer,
} from '../../../libs/contracts/src/index.js';
import type { World } from '../../demo/world.js';
import type { HourUsage, RatedPeriod } from '../../../libs/billing/src/index.js';
import type { Provider } from './provider.js';
import { HOUR_MS } from './time.js';

/** What each book says of one provider's month, in millionths of a euro. */
export interface Books {
  readonly invoice: InvoiceWithLines;
  readonly ledger: Readonly<Record<string, bigint>>;
  readonly unbalanced: number;
  readonly stripe: { readonly invoices: number; readonly total: bigint; readonly paid: bigint };
  /** Usage counted again now, and the terms: what a rating of its own needs. */
  readonly period: RatedPeriod;
  readonly usage: readonly HourUsage[];
  /** Of all lines: recounted less billed. */
  readonly uncharged: bigint;
}

export async function readBooks(
  world: World,
  { owner, tenantId }: Provider,
  invoice: InvoiceWithLines,
): Promise<Books> {
  const ledger = await owner.call<LedgerAnswer>('GET', '/v1/billing/ledger?limit=100');
  const { plan } = await owner.call<PlanAnswer>('GET', '/v1/billing/plan');
  const usage: HourUsage[] = [];
  let uncharged = 0n;
  for (const { n, kind, meter } of invoice.lines) {
    if (kind !== 'usage') continue;
    const path = `/v1/billing/invoices/${invoice.id}/lines/${n}/explain`;
    const told = await owner.call<Explanation>('GET', path);
    uncharged += BigInt(told.differenceUnits);
    for (const { hour, recountedUnits } of told.hours) {
      const units = BigInt(recountedUnits);
      usage.push({ meter: meter as HourUsage['meter'], hour: Date.parse(hour), units });
    }
  }
  const [start, to] = [Date.parse(invoice.periodStart), Date.parse(invoice.periodEnd)];
  const { account } = world.stripe;
  const customers = [...account.customers.values()].filter(
    (row) => !row.deleted && row.metadata['holdline_tenant'] === tenantId,
  );
  const theirs = [...account.invoices.values()].filter(
    ({ customer, total }) => total !== 0 && customers.some(({ id }) => id === customer),
  );
  const cents = (of: 'total' | 'amount_paid') =>
    theirs.reduce((sum, row) => sum + BigInt(row[of]) * 10_000n, 0n);
  return {
    invoice,
    ledger: Object.fromEntries(
      ledger.balances.map(({ account: name, amountMicro }) => [name, BigInt(amountMicro)]),
    ),
    unbalanced: ledger.data.filter(
      ({ entries }) => entries.reduce((sum, row) => sum + BigInt(row.amountMicro), 0n) !== 0n,
    ).length,
    stripe: { invoices: theirs.length, total: cents('total'), paid: cents('amount_paid') },
    period: {
      start,
      currency: invoice.currency,
      wholeHours: (to - start) / HOUR_MS,
      segments: [
        {
          ...{ from: start, to, interval: 'month', free: false },
          planId: plan?.id ?? '',
          planName: plan?.name ?? '',
          pricing: plan?.pricing ?? { included: {}, currencies: {}, trialDays: 0, public: false },
        },
      ],
    },
    usage,
    uncharged,
  };
}
