import { ActivityRequest } from '#contracts';
import type { AccessStore } from '#access';
import { z } from 'zod';
import { internalRoute, type InternalRoute } from '../internal/internal-routes.js';
import type { ActivityBook } from './activity-book.js';

const Whose = z.object({ tenant: z.string().min(1), app: z.string().min(1).optional() });

/** What the control plane stores and shows of what happened lately. */
export function activityRoutes(book: ActivityBook, store: AccessStore): readonly InternalRoute[] {
  return [
    internalRoute({
      method: 'POST',
      path: '/internal/activity',
      input: ActivityRequest,
      answer: (request) => book.slice(request),
    }),
    internalRoute({
      method: 'GET',
      path: '/internal/activity/recent',
      input: Whose,
      answer: ({ tenant, app }) => {
        const apps = store.appsOf(tenant).map(({ id }) => id);
        return book.recent(app === undefined ? apps : apps.filter((id) => id === app));
      },
    }),
  ];
}
