import type { AuditEntry, AuditExportQuery } from '#contracts';
import type { AuditEntryRow, Prisma } from '#database';

/** Which entries a query asks for. */
export function auditWhere(
  tenantId: string,
  { action, actor, target, from, to }: Omit<AuditExportQuery, 'format'>,
): Prisma.AuditEntryWhereInput {
  return {
    tenantId,
    ...(action === undefined ? {} : { action: actionFilter(action) }),
    ...(actor === undefined ? {} : { actor }),
    ...(target === undefined ? {} : { target }),
    ...(from === undefined && to === undefined
      ? {}
      : {
          at: {
            ...(from === undefined ? {} : { gte: new Date(from) }),
            ...(to === undefined ? {} : { lt: new Date(to) }),
          },
        }),
  };
}

function actionFilter(action: string): string | { startsWith: string } {
  return action.endsWith('.*') ? { startsWith: action.slice(0, -1) } : action;
}

export function shownEntry(row: AuditEntryRow): AuditEntry {
  return {
    seq: Number(row.seq),
    at: row.at.toISOString(),
    actor: row.actor,
    ip: row.ip,
    userAgent: row.userAgent,
    action: row.action,
    target: row.target,
    before: row.before as AuditEntry['before'],
    after: row.after as AuditEntry['after'],
    previousHash: row.previousHash,
    hash: row.hash,
  };
}
