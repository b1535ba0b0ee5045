import { AUDIT_EXPORT_MAX, Problem, type AuditEntry, type AuditExportQuery } from '#contracts';
import type { Database } from '#database';
import { auditWhere, shownEntry } from './shown-entry.js';

/** Entries read at a time: what an export holds in memory. */
const PAGE = 500;

const COLUMNS = [
  'seq',
  'at',
  'actor',
  'ip',
  'userAgent',
  'action',
  'target',
  'before',
  'after',
  'previousHash',
  'hash',
] as const satisfies readonly (keyof AuditEntry)[];

/**
 * The entries' text in pieces, oldest first. What is appended meanwhile is left out.
 * @throws Problem invalid_request, before the first piece, when there are more than one export may hold
 */
export async function exportAudit(
  database: Database,
  tenantId: string,
  query: AuditExportQuery,
): Promise<AsyncGenerator<string>> {
  const where = auditWhere(tenantId, query);
  const { count, last } = await database.withTenant(tenantId, async (tx) => ({
    count: await tx.auditEntry.count({ where, take: AUDIT_EXPORT_MAX + 1 }),
    last: (await tx.auditEntry.aggregate({ where, _max: { seq: true } }))._max.seq ?? 0n,
  }));
  if (count > AUDIT_EXPORT_MAX) {
    throw new Problem(
      'invalid_request',
      `There are more than ${AUDIT_EXPORT_MAX} entries. Export them in parts, by \`from\` and \`to\`.`,
    );
  }
  return pieces(database, tenantId, query, last);
}

async function* pieces(
  database: Database,
  tenantId: string,
  query: AuditExportQuery,
  last: bigint,
): AsyncGenerator<string> {
  if (query.format === 'csv') yield `${COLUMNS.join()}\r\n`;
  for (let seq = 0n; ;) {
    const rows = await database.withTenant(tenantId, (tx) =>
      tx.auditEntry.findMany({
        where: { AND: [auditWhere(tenantId, query), { seq: { gt: seq, lte: last } }] },
        orderBy: { seq: 'asc' },
        take: PAGE,
      }),
    );
    const line = query.format === 'csv' ? csv : ndjson;
    if (rows.length > 0) yield rows.map((row) => line(shownEntry(row))).join('');
    if (rows.length < PAGE) return;
    seq = rows.at(-1)!.seq;
  }
}

function ndjson(entry: AuditEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

function csv(entry: AuditEntry): string {
  return `${COLUMNS.map((column) => field(entry[column])).join()}\r\n`;
}

function field(value: unknown): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A spreadsheet would take a text that begins so for a formula, and run it.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
