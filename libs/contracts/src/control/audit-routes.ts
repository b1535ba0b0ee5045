import type { RouteSpec } from '../routes.js';

export const AUDIT_ROUTES = {} as const satisfies Record<string, RouteSpec>;
