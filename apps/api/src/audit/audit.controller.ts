import { Readable } from 'node:stream';
import { Controller, Inject, Query, StreamableFile } from '@nestjs/common';
import {
  AuditExportQuery,
  AuditQuery,
  CONTROL_ROUTES,
  type AuditEntry,
  type AuditVerification,
  type Page,
} from '#contracts';
import { Database } from '#database';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { cut } from '../data/paging.js';
import { Route } from '../http/route.js';
import { exportAudit } from './audit-export.js';
import { verifyChain } from './audit-verifier.js';
import { auditWhere, shownEntry } from './shown-entry.js';

@Controller()
export class AuditController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Route(CONTROL_ROUTES.listAudit)
  async list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: AuditQuery }) query: AuditQuery,
  ): Promise<Page<AuditEntry>> {
    const { limit, after } = query;
    const rows = await this.database.withTenant(tenantId, (tx) =>
      tx.auditEntry.findMany({
        where: {
          AND: [auditWhere(tenantId, query), after === undefined ? {} : { seq: { lt: after } }],
        },
        orderBy: { seq: 'desc' },
        take: limit + 1,
      }),
    );
    const page = cut(rows, limit);
    return { ...page, data: page.data.map(shownEntry) };
  }

  @Route(CONTROL_ROUTES.exportAudit)
  async export(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: AuditExportQuery }) query: AuditExportQuery,
  ): Promise<StreamableFile> {
    const pieces = await exportAudit(this.database, tenantId, query);
    const csv = query.format === 'csv';
    return new StreamableFile(Readable.from(pieces, { objectMode: false }), {
      type: csv ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      disposition: `attachment; filename="audit.${query.format}"`,
    });
  }

  @Route(CONTROL_ROUTES.verifyAudit)
  verify(@CurrentTenant() { tenantId }: TenantActor): Promise<AuditVerification> {
    return verifyChain(this.database, tenantId);
  }
}
