import type { LedgerAccountKind, Tx } from '#database';

export interface Balance {
  readonly account: LedgerAccountKind;
  readonly currency: string;
  /** The sum of its entries; debits are positive. */
  readonly amountMicro: bigint;
}

/** What is only passed through them is gone again once everything is settled. */
const CLEARING = ['usage_unbilled', 'cash_clearing'] as const satisfies LedgerAccountKind[];

export async function balances(tx: Tx, tenantId: string): Promise<Balance[]> {
  // The sum of bigints is a numeric, which Prisma would hand out as a decimal.
  const rows = await tx.$queryRaw<{ account: LedgerAccountKind; currency: string; sum: string }[]>`
    SELECT a.kind::text AS account, a.currency, coalesce(sum(e.amount_micro), 0)::text AS sum
    FROM ledger_account a LEFT JOIN entry e ON e.account_id = a.id
    WHERE a.tenant_id = ${tenantId} GROUP BY a.kind, a.currency ORDER BY a.currency, a.kind`;
  return rows.map(({ account, currency, sum }) => ({
    account,
    currency,
    amountMicro: BigInt(sum),
  }));
}

/** The clearing accounts that are not at zero: money or usage that somebody has yet to account for. */
export async function uncleared(
  tx: Tx,
): Promise<
  { tenantId: string; account: LedgerAccountKind; currency: string; amountMicro: bigint }[]
> {
  const rows = await tx.$queryRaw<
    { tenant: string; account: LedgerAccountKind; currency: string; sum: string }[]
  >`
    SELECT a.tenant_id AS tenant, a.kind::text AS account, a.currency, sum(e.amount_micro)::text AS sum
    FROM ledger_account a JOIN entry e ON e.account_id = a.id
    WHERE a.kind::text = ANY(${[...CLEARING]}) GROUP BY a.id HAVING sum(e.amount_micro) <> 0 ORDER BY a.id`;
  return rows.map(({ tenant, account, currency, sum }) => ({
    tenantId: tenant,
    account,
    currency,
    amountMicro: BigInt(sum),
  }));
}
