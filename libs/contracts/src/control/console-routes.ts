import type { RouteSpec } from '../routes.js';
import { ConsoleToken } from './console.js';
import { READ } from './refusals.js';

export const CONSOLE_ROUTES = {
  consoleToken: {
    method: 'POST',
    path: '/v1/apps/{app}/tokens',
    tag: 'Channels',
    summary: 'A client token for the dashboard’s console',
    description:
      'For receiving, history and presence on all channels; also for publishing when a developer or owner asks. Signed with a key of the app, and never wider than that key: `conflict` when the app has none that works.',
    auth: 'session',
    asks: true,
    success: { status: 201, schema: ConsoleToken, description: 'The token. It is not stored.' },
    problems: [...READ, 'conflict'],
  },
} as const satisfies Record<string, RouteSpec>;
