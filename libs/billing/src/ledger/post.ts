import type { LedgerAccountKind, Tx } from '#database';

export interface EntryWish {
  readonly account: LedgerAccountKind;
  /** Debits are positive. */
  readonly amountMicro: bigint;
}

export interface Posting {
  readonly tenantId: string;
  /** Names what happened (`payment:pi_1`): it is posted once, however often it is tried. */
  readonly extRef: string;
  /** What sort of thing happened: `payment`, `invoice`, … */
  readonly kind: string;
  readonly at: Date;
  readonly currency: string;
  /** Sum to zero; those of nothing are left out. */
  readonly entries: readonly EntryWish[];
}

/** The same reference was posted before and says something else: nothing was posted. */
export class LedgerConflict extends Error {
  constructor(extRef: string) {
    super(
      `The ledger has ${extRef} with other amounts. Post a correction under a name of its own, or reverse it.`,
    );
    this.name = 'LedgerConflict';
  }
}

/**
 * Posts what happened, once.
 * @returns true when it was posted now, false when it was there.
 * @throws LedgerConflict when it is there with other entries; the database refuses what does not balance.
 */
export async function post(tx: Tx, posting: Posting, reverses?: bigint): Promise<boolean> {
  const { tenantId, extRef, kind, at, currency } = posting;
  const entries = posting.entries.filter(({ amountMicro }) => amountMicro !== 0n);
  if (entries.length === 0) return false;
  const [made] = await tx.$queryRaw<{ id: bigint }[]>`
    INSERT INTO entry_tx (tenant_id, ext_ref, kind, at, reverses)
    VALUES (${tenantId}, ${extRef}, ${kind}, ${at}, ${reverses ?? null}::bigint)
    ON CONFLICT (ext_ref) DO NOTHING RETURNING id`;
  if (!made) {
    if (await saysTheSame(tx, posting, entries)) return false;
    throw new LedgerConflict(extRef);
  }
  await tx.ledgerAccount.createMany({
    data: [...new Set(entries.map(({ account }) => account))].map((account) => ({
      id: accountId(tenantId, account, currency),
      tenantId,
      kind: account,
      currency,
    })),
    skipDuplicates: true,
  });
  await tx.entry.createMany({
    data: entries.map(({ account, amountMicro }, n) => ({
      txId: made.id,
      n,
      tenantId,
      accountId: accountId(tenantId, account, currency),
      currency,
      amountMicro,
    })),
  });
  return true;
}

/**
 * Undoes a posting by its opposite, once.
 * @returns true when it was reversed now, false when it had been, or was never posted.
 */
export async function reverse(
  tx: Tx,
  { tenantId, extRef, at }: { tenantId: string; extRef: string; at: Date },
): Promise<boolean> {
  const original = await tx.entryTx.findUnique({
    where: { extRef },
    include: { entries: { include: { account: true }, orderBy: { n: 'asc' } } },
  });
  if (!original || original.tenantId !== tenantId) return false;
  return post(
    tx,
    {
      tenantId,
      extRef: `reversal:${extRef}`,
      kind: 'reversal',
      at,
      currency: original.entries[0]?.currency ?? '',
      entries: original.entries.map(({ account, amountMicro }) => ({
        account: account.kind,
        amountMicro: -amountMicro,
      })),
    },
    original.id,
  );
}

function accountId(tenantId: string, kind: LedgerAccountKind, currency: string): string {
  return `${tenantId}:${kind}:${currency}`;
}

async function saysTheSame(tx: Tx, posting: Posting, entries: readonly EntryWish[]) {
  const { tenantId, extRef, currency } = posting;
  const there = await tx.entryTx.findUnique({
    where: { extRef },
    include: { entries: { include: { account: true }, orderBy: { n: 'asc' } } },
  });
  return (
    there?.tenantId === tenantId &&
    there.entries.length === entries.length &&
    there.entries.every(
      (entry, n) =>
        entry.currency === currency &&
        entry.account.kind === entries[n]?.account &&
        entry.amountMicro === entries[n].amountMicro,
    )
  );
}
