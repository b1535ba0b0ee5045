import { Inject, Injectable } from '@nestjs/common';
import { LIMITS, LiveLimitEvents, type LimitName, type OperatorLimits } from '#contracts';
import { Database } from '#database';
import { DeliveryClient } from '../delivery/delivery-client.js';

const AWAY =
  'The delivery server cannot be reached now, and it alone knows which limits warned or refused lately.';

/** Whose limits want to be looked at. */
@Injectable()
export class TroubleService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  async show(): Promise<OperatorLimits> {
    const live = await this.delivery
      .get('/internal/limit-events', {}, LiveLimitEvents)
      .catch(() => null);
    const events = newestOfEach(live?.events ?? []);
    return this.database.asSystem(async (tx) => {
      const budgets = await tx.spendState.findMany({
        where: { OR: [{ level: { not: 'ok' } }, { reached: true }] },
        orderBy: [{ tenantId: 'asc' }, { appId: 'asc' }],
        take: MOST,
      });
      const ids = [...events, ...budgets].map(({ tenantId }) => tenantId);
      const tenants = await tx.tenant.findMany({
        where: { id: { in: [...new Set(ids)] } },
        select: { id: true, name: true },
      });
      const named = new Map(tenants.map((tenant) => [tenant.id, tenant]));
      return {
        data: events.flatMap(({ type, tenantId, key: _key, ...event }) => {
          const tenant = named.get(tenantId);
          if (!tenant) return [];
          const title = LIMITS[event.name as LimitName].title;
          const state = type === 'limit.reached' ? ('reached' as const) : ('warning' as const);
          return [{ tenant, title, state, ...event }];
        }),
        budgets: budgets.flatMap((row) => {
          const tenant = named.get(row.tenantId);
          if (!tenant) return [];
          return [
            {
              tenant,
              appId: row.appId === '' ? null : row.appId,
              level: row.level,
              usedMicro: String(row.usedMicro),
              maxMicro: String(row.maxMicro),
              currency: row.currency,
              resetAt: row.resetAt.toISOString(),
            },
          ];
        }),
        note: live ? null : AWAY,
      };
    });
  }
}

const MOST = 200;

/** Of a limit that is reached again each hour, the last time. The fullest first. */
function newestOfEach(events: LiveLimitEvents['events']): LiveLimitEvents['events'] {
  const newest = new Map(
    events.map((event) => [[event.tenantId, event.appId, event.name, event.type].join(' '), event]),
  );
  const share = ({ used, max }: { used: number; max: number }) => used / Math.max(1, max);
  return [...newest.values()]
    .filter(({ name }) => name in LIMITS)
    .sort((a, b) => a.type.localeCompare(b.type) || share(b) - share(a))
    .slice(0, MOST);
}
