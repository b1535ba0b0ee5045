import type { Engine } from '#engine';
import type { Mediator } from '#mediator';
import type { ActivityBook } from '../activity/activity-book.js';
import { activityRoutes } from '../activity/activity-routes.js';
import type { KeyUseBook } from '../key-use/key-use-book.js';
import { keyUseRoute } from '../key-use/key-use-routes.js';
import { traceRoutes, type TraceParts } from '../trace/trace-routes.js';
import type { UsageFeed } from '../usage/usage-feed.js';
import { usageRoutes } from '../usage/usage-routes.js';
import { canRoute, type CanParts } from './can.js';
import { liveChannels } from './channels.js';
import { liveClients } from './clients.js';
import { eventRoutes } from './events.js';
import { liveGroups } from './groups.js';
import { healthRoute, type HealthParts } from './health.js';
import type { InternalRoute } from './internal-routes.js';
import { limitRoutes, type LimitParts } from './limits.js';

/** What the routes between our servers work with. */
export interface InternalParts extends LimitParts, CanParts, TraceParts, HealthParts {
  readonly engine: Engine;
  readonly mediator: Mediator;
  readonly usage: UsageFeed;
  readonly activity: ActivityBook;
  readonly keyUse: KeyUseBook;
}

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable(parts: InternalParts): readonly InternalRoute[] {
  const { engine, mediator, presence, usage, activity, store } = parts;
  return [
    liveChannels(mediator, presence),
    liveGroups(mediator),
    liveClients(mediator, presence),
    ...usageRoutes(usage),
    ...activityRoutes(activity, store),
    ...limitRoutes(parts),
    ...eventRoutes(engine, mediator),
    keyUseRoute(parts.keyUse),
    healthRoute(parts),
    canRoute(parts),
    ...traceRoutes(parts),
  ];
}
