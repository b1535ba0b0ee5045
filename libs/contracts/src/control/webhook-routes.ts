import type { RouteSpec } from '../routes.js';

export const WEBHOOK_ROUTES = {} as const satisfies Record<string, RouteSpec>;
