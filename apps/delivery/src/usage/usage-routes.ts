import { UsageRequest } from '#contracts';
import { z } from 'zod';
import { internalRoute, type InternalRoute } from '../internal/internal-routes.js';
import type { UsageFeed } from './usage-feed.js';

/** How the control plane fetches what this node counted. */
export function usageRoutes(usage: UsageFeed): readonly InternalRoute[] {
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
