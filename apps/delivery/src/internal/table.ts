import type { Mediator, Presence } from '#mediator';
import { liveChannels } from './channels.js';
import type { InternalRoute } from './internal-routes.js';

/** What the routes between our servers work with. */
export interface InternalParts {
  readonly mediator: Mediator;
  readonly presence: Presence;
}

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable({ mediator, presence }: InternalParts): readonly InternalRoute[] {
  return [liveChannels(mediator, presence)];
}
