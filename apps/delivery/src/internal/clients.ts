import { z } from 'zod';
import { inboxOf, LiveClientQuery, SHOWN_PRESENCES, type LiveClient, type Page } from '#contracts';
import type { Mediator, Presence } from '#mediator';
import { internalRoute } from './internal-routes.js';

/** What the control plane shows of an app's connected clients. */
export function liveClients(mediator: Mediator, presence: Presence) {
  return internalRoute({
    method: 'GET',
    path: '/internal/clients',
    input: LiveClientQuery.extend({ app: z.string() }),
    answer: async ({ app, prefix, after, limit }): Promise<Page<LiveClient>> => {
      const page = await mediator.clients({ app, prefix, after: after ?? null, limit });
      const ids = page.clients.map(({ clientId }) => clientId);
      const present = await presence.channelsOf(app, ids, SHOWN_PRESENCES);
      const data = page.clients.map(({ since, inbox, ...client }) => ({
        ...client,
        since: new Date(since).toISOString(),
        inbox: { channel: inboxOf(client.clientId), position: inbox },
        presentIn: present.get(client.clientId) ?? [],
      }));
      return { data, hasMore: page.hasMore };
    },
  });
}
