import { UsageRequest } from '#contracts';
import { z } from 'zod';
import type { UsageFeed } from '../usage/usage-feed.js';
import { internalRoute, type InternalRoute } from './internal-routes.js';

/** What the routes between our servers work with. */
export interface InternalParts {
  readonly usage: UsageFeed;
}

/** Everything that the control plane may ask or tell this node: one line each. */
export function internalTable({ usage }: InternalParts): readonly InternalRoute[] {
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
  ];
}
