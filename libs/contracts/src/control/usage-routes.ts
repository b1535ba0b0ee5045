import type { RouteSpec } from '../routes.js';
import { ACCESS, SERVING } from './refusals.js';
import { UsageQuery, UsageReport } from './usage.js';

export const USAGE_ROUTES = {
  usage: {
    method: 'GET',
    path: '/v1/usage',
    tag: 'Usage',
    summary: 'What was used, by hour, day or month, and by app, key, namespace or channel',
    description:
      'Published counts are exact; delivered counts can miss the last two seconds before a crash and never exceed the truth. `asOf` says how fresh the answer is.',
    auth: 'session',
    query: UsageQuery,
    success: { status: 200, schema: UsageReport, description: 'The usage.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
} as const satisfies Record<string, RouteSpec>;
