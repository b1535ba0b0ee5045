import { UsageRequest } from '#contracts';
import type { Engine } from '#engine';
import type { Mediator, Presence } from '#mediator';
import { z } from 'zod';
import type { UsageFeed } from '../usage/usage-feed.js';
import { liveChannels } from './channels.js';
import { eventRoutes } from './events.js';
import { internalRoute, type InternalRoute } from './internal-routes.js';

/** What the routes between our servers work with. */
export interface InternalParts {
  readonly engine: Engine;
  readonly mediator: Mediator;
  readonly presence: Presence;
  readonly usage: UsageFeed;
}

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable(parts: InternalParts): readonly InternalRoute[] {
  const { engine, mediator, presence, usage } = parts;
  return [
    internalRoute({
      method: 'POST',
      path: '/internal/usage',
      input: UsageRequest,
      answer: (request) => usage.answer(request),
    }),
    internalRoute({
      method: 'GET',
      path: '/internal/stored',
      input: z.object({}),
      answer: () => usage.stored(),
    }),
    liveChannels(mediator, presence),
    ...eventRoutes(engine, mediator),
  ];
}
