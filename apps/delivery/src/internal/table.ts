import type { InternalRoute } from './internal-routes.js';

/** What the routes between our servers work with. */
export type InternalParts = object;

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable(_parts: InternalParts): readonly InternalRoute[] {
  return [];
}
