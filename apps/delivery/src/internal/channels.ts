import { z } from 'zod';
import { LiveChannelQuery, type LiveChannel, type Page } from '#contracts';
import type { Mediator, Presence } from '#mediator';
import { internalRoute } from './internal-routes.js';

/** What the control plane shows of an app's live channels. */
export function liveChannels(mediator: Mediator, presence: Presence) {
  return internalRoute({
    method: 'GET',
    path: '/internal/channels',
    input: LiveChannelQuery.extend({ app: z.string() }),
    answer: async ({ app, prefix, after, limit }): Promise<Page<LiveChannel>> => {
      const { channels, hasMore } = await mediator.liveChannels({
        app,
        prefix,
        after: after ?? null,
        limit,
        also: presence.occupied(app),
      });
      const data = channels.map(({ name, receivers, position }) => ({
        name,
        receivers,
        members: presence.membersIn(app, name),
        position,
      }));
      return { data, hasMore };
    },
  });
}
