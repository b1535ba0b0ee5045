import type { RouteSpec } from '../routes.js';
import { CanAnswer, CanBody } from './can.js';
import { WRITE } from './refusals.js';

export const CAN_ROUTES = {
  can: {
    method: 'POST',
    path: '/v1/apps/{app}/can',
    tag: 'Keys',
    summary: 'Try out what a key, a token or a set of capabilities allows',
    description:
      'Asked of the delivery server, by the checks that it makes of a request, with what it knows of keys, revocations and namespaces now. Nothing is published, received or kept. Addresses, origins, rates and quotas are not looked at. `unavailable` when the delivery server cannot be reached.',
    auth: 'session',
    asks: true,
    body: CanBody,
    success: { status: 200, schema: CanAnswer, description: 'Whether it may, and why.' },
    problems: WRITE,
  },
} as const satisfies Record<string, RouteSpec>;
