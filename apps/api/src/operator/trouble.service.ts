import { Inject, Injectable } from '@nestjs/common';
import {
  LIMITS,
  LiveLimitEvents,
  NearLimits,
  type LimitName,
  type OperatorLimits,
} from '#contracts';
import { Database, type Tx } from '#database';
import { Clock } from '../data/clock.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { countedNear } from './counted-near.js';
import { troubleOf } from './trouble.js';

const AWAY =
  'The delivery server cannot be reached now: limits of rates, quotas and held requests are not shown, since it alone knows them.';
/** The counts run over what all tenants have. */
const LONG = { timeoutMs: 10_000 };
const MOST = 200;

/** Whose limits want to be looked at. */
@Injectable()
export class TroubleService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  async show(): Promise<OperatorLimits> {
    const live = await this.live();
    return this.database.asSystem(async (tx) => {
      const near = [...(live?.near ?? []), ...(await countedNear(tx))];
      const rows = troubleOf(live?.events ?? [], near, this.clock.now());
      const budgets = await tx.spendState.findMany({
        where: { OR: [{ level: { not: 'ok' } }, { reached: true }] },
        orderBy: [{ tenantId: 'asc' }, { appId: 'asc' }],
        take: MOST,
      });
      const named = await namesOf(tx, [...rows, ...budgets]);
      return {
        data: rows
          .flatMap(({ tenantId, ...row }) => {
            const tenant = named.get(tenantId);
            return tenant ? [{ tenant, ...row, title: LIMITS[row.name as LimitName].title }] : [];
          })
          .slice(0, MOST),
        budgets: budgets.flatMap(({ tenantId, appId, level, currency, ...row }) => {
          const tenant = named.get(tenantId);
          if (!tenant) return [];
          return [
            {
              ...{ tenant, level, currency },
              appId: appId === '' ? null : appId,
              usedMicro: String(row.usedMicro),
              maxMicro: String(row.maxMicro),
              resetAt: row.resetAt.toISOString(),
            },
          ];
        }),
        note: live ? null : AWAY,
      };
    }, LONG);
  }

  private async live() {
    try {
      const [{ events }, { limits: near }] = await Promise.all([
        this.delivery.get('/internal/limit-events', {}, LiveLimitEvents),
        this.delivery.get('/internal/near-limits', {}, NearLimits),
      ]);
      return { events, near };
    } catch {
      return null;
    }
  }
}

async function namesOf(tx: Tx, rows: readonly { readonly tenantId: string }[]) {
  const ids = [...new Set(rows.map(({ tenantId }) => tenantId))];
  const tenants = await tx.tenant.findMany({
    where: { id: { in: ids } },
    select: { id: true, name: true },
  });
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
}
