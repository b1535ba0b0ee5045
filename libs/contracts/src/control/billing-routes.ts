import type { RouteSpec } from '../routes.js';

export const BILLING_ROUTES = {} as const satisfies Record<string, RouteSpec>;
