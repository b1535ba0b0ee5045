import type { RouteSpec } from '../routes.js';
import { Activity, ActivityQuery } from './activity.js';
import { ACCESS, SERVING } from './refusals.js';

export const ACTIVITY_ROUTES = {
  activity: {
    method: 'GET',
    path: '/v1/activity',
    tag: 'Usage',
    summary: 'What happened lately: messages, holds, latency and refusals over time',
    description:
      'For looking at: what is billed stands in /v1/usage. A crash of the delivery server can lose the last ten seconds.',
    auth: 'session',
    query: ActivityQuery,
    success: { status: 200, schema: Activity, description: 'The series.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
} as const satisfies Record<string, RouteSpec>;
