import { Inject, Injectable } from '@nestjs/common';
import {
  StoredLimits,
  type ListQuery,
  type LoginBody,
  type OperatorTenant,
  type OperatorTenantPatch,
  type Page,
  type Tenant,
} from '#contracts';
import { Database } from '#database';
import { LoginBackoff } from '../accounts/login-backoff.js';
import { Passwords } from '../accounts/passwords.js';
import { shownTenant } from '../accounts/accounts.service.js';
import { Clock } from '../data/clock.js';
import { pageById } from '../data/paging.js';
import { missing } from '../http/validation.js';

@Injectable()
export class OperatorService {
  private readonly backoff: LoginBackoff;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.backoff = new LoginBackoff(clock);
  }

  /** @throws Problem unauthenticated, the same for an unknown address and a wrong password; rate_limited */
  logIn(body: LoginBody, ip: string) {
    return this.backoff.attempt(body.email, ip, async () => {
      const operator = await this.database.asSystem((tx) =>
        tx.operator.findUnique({ where: { email: body.email } }),
      );
      const right = await this.passwords.matches(body.password, operator?.passwordHash ?? null);
      return right ? operator : null;
    });
  }

  tenants(query: ListQuery): Promise<Page<OperatorTenant>> {
    const now = new Date(this.clock.now());
    return this.database.asSystem(async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.tenant.findUnique({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.tenant.findMany({
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            include: {
              _count: { select: { members: true, apps: { where: { status: 'active' } } } },
            },
            ...args,
          }),
      });
      const keys = await tx.apiKey.groupBy({
        by: ['tenantId'],
        _count: true,
        where: {
          tenantId: { in: page.data.map(({ id }) => id) },
          revokedAt: null,
          OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
          app: { status: 'active' },
        },
      });
      const keysOf = new Map(keys.map((row) => [row.tenantId, row._count]));
      const data = page.data.map((row) => ({
        ...shownTenant(row),
        limits: StoredLimits.parse(row.limits),
        members: row._count.members,
        apps: row._count.apps,
        keys: keysOf.get(row.id) ?? 0,
      }));
      return { data, hasMore: page.hasMore };
    });
  }

  update(tenantId: string, patch: OperatorTenantPatch): Promise<Tenant> {
    return this.database.asSystem(async (tx) => {
      const tenant = await tx.tenant.findUnique({ where: { id: tenantId }, select: { id: true } });
      if (!tenant) throw missing('tenant');
      const data = {
        ...(patch.status === undefined ? {} : { status: patch.status }),
        ...(patch.limits === undefined ? {} : { limits: patch.limits }),
      };
      return shownTenant(await tx.tenant.update({ where: { id: tenantId }, data }));
    });
  }
}
