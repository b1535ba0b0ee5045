import {
  type LiveLimitEvents,
  type LiveLimits,
  type NearLimits,
  NO_LIMITS,
  tenantLimits,
} from '#contracts';
import type { AccessStore } from '#access';
import { type Limits, liveLimits } from '#limits';
import type { Presence } from '#mediator';
import { z } from 'zod';
import { internalRoute } from './internal-routes.js';
import { nearLimits } from './near-limits.js';

export interface LimitParts {
  readonly limits: Limits;
  readonly store: AccessStore;
  readonly presence: Presence;
}

const Whose = z.object({
  tenant: z.string().min(1),
  app: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
});

/** How full a tenant's limits are on this node, and what happened to anybody's. */
export const limitRoutes = ({ limits, store, presence }: LimitParts) => [
  internalRoute({
    method: 'GET',
    path: '/internal/limits',
    input: Whose,
    answer: async ({ tenant, app, key }): Promise<LiveLimits> => {
      const rows = store.export();
      const all = rows.apps.filter((row) => row.tenantId === tenant);
      const apps = new Map(all.map((row) => [row.id, row]));
      const keys = rows.keys.flatMap((row) => {
        const of = apps.get(row.appId);
        const isAsked = (!app || row.appId === app) && (!key || row.id === key);
        return of && isAsked ? [{ id: row.id, limits: store.limits(of, row) }] : [];
      });
      const shown = await liveLimits(limits, {
        tenantId: tenant,
        limits: all[0] ? tenantLimits(null, all[0].limits) : NO_LIMITS,
        apps: all
          .filter(({ id }) => !app || id === app)
          .map((row) => ({ id: row.id, limits: tenantLimits(null, row.limits) })),
        keys,
        membersOf: (id) => presence.membersOf(id),
      });
      return { limits: shown };
    },
  }),
  internalRoute({
    method: 'GET',
    path: '/internal/limit-events',
    input: z.object({}),
    answer: (): LiveLimitEvents => ({ events: [...limits.events.list()] }),
  }),
  internalRoute({
    method: 'GET',
    path: '/internal/near-limits',
    input: z.object({}),
    answer: (): NearLimits => ({ limits: nearLimits({ limits, store, presence }) }),
  }),
];
