import { Inject, Injectable } from '@nestjs/common';
import {
  StoredLimits,
  type LimitsAnswer,
  NAMED_OF_TENANT,
  type OperatorTenant,
  type OperatorTenantDetails,
  type OperatorTenantsQuery,
  type OperatorTenantPatch,
  type Page,
  type Tenant,
} from '#contracts';
import { Database, type Tx } from '#database';
import { LimitsService } from '../limits/limits.service.js';
import { UsageService } from '../usage/usage.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { shownTenant } from '../accounts/accounts.service.js';
import { Clock } from '../data/clock.js';
import { pageById } from '../data/paging.js';
import { missing } from '../http/validation.js';
import type { OperatorOrigin } from './current-operator.js';

@Injectable()
export class OperatorService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(UsageService) private readonly usage: UsageService,
    @Inject(LimitsService) private readonly limitsOf: LimitsService,
  ) {}

  tenants(query: OperatorTenantsQuery): Promise<Page<OperatorTenant>> {
    return this.database.asSystem(async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.tenant.findUnique({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.tenant.findMany({
            where: matching(query),
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            include: COUNTED,
            ...args,
          }),
      });
      const ids = page.data.map(({ id }) => id);
      const keys = await this.workingKeys(tx, 'tenantId', { tenantId: { in: ids } });
      return { ...page, data: page.data.map((row) => shownToOperator(row, keys.get(row.id) ?? 0)) };
    });
  }

  /** @throws Problem not_found */
  async tenant(tenantId: string): Promise<OperatorTenantDetails> {
    const found = await this.database.asSystem(async (tx) => {
      const row = await tx.tenant.findUnique({
        where: { id: tenantId },
        include: {
          ...COUNTED,
          members: {
            include: { user: { select: { email: true } } },
            orderBy: { createdAt: 'asc' },
            take: NAMED_OF_TENANT,
          },
          apps: { orderBy: { createdAt: 'asc' }, take: NAMED_OF_TENANT },
        },
      });
      if (!row) throw missing('tenant');
      return { row, keys: await this.workingKeys(tx, 'appId', { tenantId }) };
    });
    const { row, keys } = found;
    const { from, asOf, total } = await this.usage.report(tenantId, { granularity: 'total' });
    return {
      ...shownToOperator(
        row,
        [...keys.values()].reduce((sum, one) => sum + one, 0),
      ),
      people: row.members.map(({ userId, role, user }) => ({
        id: userId,
        email: user.email,
        role,
      })),
      appList: row.apps.map(({ id, name, status }) => ({
        ...{ id, name, status },
        keys: keys.get(id) ?? 0,
      })),
      usage: { from, asOf, total },
    };
  }

  /** @throws Problem not_found */
  async limits(tenantId: string): Promise<LimitsAnswer> {
    await this.database.asSystem((tx) => requireTenant(tx, tenantId));
    return this.limitsOf.show(tenantId, {});
  }

  private async workingKeys(
    tx: Tx,
    by: 'tenantId' | 'appId',
    where: { tenantId: string | { in: string[] } },
  ): Promise<Map<string, number>> {
    const now = new Date(this.clock.now());
    const rows = await tx.apiKey.groupBy({
      by: [by],
      _count: true,
      where: {
        ...where,
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
        app: { status: 'active' },
      },
    });
    return new Map(rows.map((row) => [row[by], row._count]));
  }

  update(operator: OperatorOrigin, tenantId: string, patch: OperatorTenantPatch): Promise<Tenant> {
    return this.database.asSystem(async (tx) => {
      const before = await requireTenant(tx, tenantId);
      const data = {
        ...(patch.status === undefined ? {} : { status: patch.status }),
        ...(patch.limits === undefined ? {} : { limits: patch.limits }),
      };
      const changed = await tx.tenant.update({ where: { id: tenantId }, data });
      await this.audit.record(
        tx,
        { ...operator, tenantId },
        {
          action: 'tenant.updated',
          target: tenantId,
          before: { status: before.status, limits: before.limits },
          after: { status: changed.status, limits: changed.limits },
        },
      );
      return shownTenant(changed);
    });
  }
}

const COUNTED = {
  plan: { select: { id: true, name: true } },
  _count: { select: { members: true, apps: { where: { status: 'active' } } } },
} as const;

type Counted = Parameters<typeof shownTenant>[0] & {
  readonly limits: unknown;
  readonly plan: { readonly id: string; readonly name: string } | null;
  readonly _count: { readonly members: number; readonly apps: number };
};

function shownToOperator(row: Counted, keys: number): OperatorTenant {
  return {
    ...shownTenant(row),
    plan: row.plan,
    limits: StoredLimits.parse(row.limits),
    members: row._count.members,
    apps: row._count.apps,
    keys,
  };
}

function matching({ search, status }: OperatorTenantsQuery) {
  // PostgreSQL takes these for patterns, and what is searched for is a text.
  const contains = (search ?? '').replace(/[\\%_]/g, '\\$&');
  const holds = { contains, mode: 'insensitive' as const };
  return {
    ...(status === undefined ? {} : { status }),
    ...(search === undefined
      ? {}
      : {
          OR: [{ name: holds }, { id: holds }, { members: { some: { user: { email: holds } } } }],
        }),
  };
}

export async function requireTenant(tx: Tx, id: string) {
  const tenant = await tx.tenant.findUnique({ where: { id } });
  if (!tenant) throw missing('tenant');
  return tenant;
}
