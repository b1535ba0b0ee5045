import type { Mediator } from '#mediator';
import type { UsageFeed } from '../usage/usage-feed.js';
import { usageRoutes } from '../usage/usage-routes.js';
import { liveChannels } from './channels.js';
import type { InternalRoute } from './internal-routes.js';
import { limitRoutes, type LimitParts } from './limits.js';

/** What the routes between our servers work with. */
export interface InternalParts extends LimitParts {
  readonly mediator: Mediator;
  readonly usage: UsageFeed;
}

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable(parts: InternalParts): readonly InternalRoute[] {
  return [
    liveChannels(parts.mediator, parts.presence),
    ...usageRoutes(parts.usage),
    ...limitRoutes(parts),
  ];
}
