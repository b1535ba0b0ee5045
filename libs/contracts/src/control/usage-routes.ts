import type { RouteSpec } from '../routes.js';

export const USAGE_ROUTES = {} as const satisfies Record<string, RouteSpec>;
