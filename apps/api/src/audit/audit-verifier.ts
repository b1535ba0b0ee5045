import type { AuditVerification } from '#contracts';
import type { Database } from '#database';
import { entryHash, NO_HASH } from './audit-chain.js';

/** Entries read at a time: what a verification holds in memory. */
const PAGE = 1_000;

type Fault = NonNullable<AuditVerification['fault']>;

/** Recomputes a tenant's chain from its first entry to the end that is noted beside it. */
export async function verifyChain(
  database: Database,
  tenantId: string,
): Promise<AuditVerification> {
  const head = await database.withTenant(tenantId, (tx) =>
    tx.auditHead.findUnique({ where: { tenantId } }),
  );
  const shown = head && { seq: Number(head.seq), hash: head.hash };
  let last = { seq: 0n, hash: NO_HASH };
  let fault: Fault | null = null;
  for (;;) {
    const rows = await database.withTenant(tenantId, (tx) =>
      tx.auditEntry.findMany({
        // What is appended meanwhile is for the next time.
        where: { tenantId, seq: { gt: last.seq, lte: head?.seq ?? 0n } },
        orderBy: { seq: 'asc' },
        take: PAGE,
      }),
    );
    for (const row of rows) {
      fault = faultOf(row, last);
      if (fault) return { intact: false, entries: Number(last.seq), head: shown, fault };
      last = { seq: row.seq, hash: row.hash };
    }
    if (rows.length < PAGE) break;
  }
  if (last.seq !== (head?.seq ?? 0n)) fault = { seq: Number(last.seq) + 1, reason: 'missing' };
  else if (head && head.hash !== last.hash) fault = { seq: Number(last.seq), reason: 'unlinked' };
  else if (!head && (await hasEntries(database, tenantId))) fault = { seq: 1, reason: 'unlinked' };
  return { intact: fault === null, entries: Number(last.seq), head: shown, fault };
}

type Row = Parameters<typeof entryHash>[1] & { previousHash: string; hash: string };

function faultOf(row: Row, last: { seq: bigint; hash: string }): Fault | null {
  if (row.seq !== last.seq + 1n) return { seq: Number(last.seq) + 1, reason: 'missing' };
  if (row.previousHash !== last.hash) return { seq: Number(row.seq), reason: 'unlinked' };
  if (entryHash(row.previousHash, row) !== row.hash)
    return { seq: Number(row.seq), reason: 'changed' };
  return null;
}

/** Entries without an end beside them: the end was taken away. */
async function hasEntries(database: Database, tenantId: string): Promise<boolean> {
  const first = await database.withTenant(tenantId, (tx) =>
    tx.auditEntry.findFirst({ where: { tenantId }, select: { seq: true } }),
  );
  return first !== null;
}
