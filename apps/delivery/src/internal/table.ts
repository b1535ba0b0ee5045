import type { InternalRoute } from './internal-routes.js';
import { limitRoutes, type LimitParts } from './limits.js';

/** What the routes between our servers work with. */
export type InternalParts = LimitParts;

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable(parts: InternalParts): readonly InternalRoute[] {
  return [...limitRoutes(parts)];
}
