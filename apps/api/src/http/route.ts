import {
  applyDecorators,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import type { Need, RouteSpec } from '#contracts';

export interface RouteAccess {
  readonly auth: RouteSpec['auth'] | 'internal';
  readonly need: Need;
  /** Whether it may change something. */
  readonly writes: boolean;
}

export const ROUTE_ACCESS = Symbol('holdline:route-access');
export const ROUTE_SPEC = Symbol('holdline:route-spec');

/** Serves one route of the contract: its method, path, status and who may, all from the spec. */
export function Route(spec: RouteSpec, need: Need = 'read'): MethodDecorator {
  const writes = spec.method !== 'GET' && spec.asks !== true;
  const access: RouteAccess = { auth: spec.auth, need, writes };
  return applyDecorators(
    RequestMapping({
      method: RequestMethod[spec.method],
      path: spec.path.replace(/\{(\w+)\}/g, ':$1'),
    }),
    HttpCode(spec.success.status),
    SetMetadata(ROUTE_SPEC, spec),
    SetMetadata(ROUTE_ACCESS, access),
  );
}

/** A route between our own servers: not in the contract, and not there for anybody else. */
export function InternalRoute(path: string): MethodDecorator {
  const access: RouteAccess = { auth: 'internal', need: 'read', writes: false };
  return applyDecorators(
    RequestMapping({ method: RequestMethod.GET, path }),
    SetMetadata(ROUTE_ACCESS, access),
  );
}
