import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { RouteSpec } from '#contracts';
import { from, switchMap, type Observable } from 'rxjs';
import { ROUTE_SPEC } from '../http/route.js';
import { ConfigFeed } from './config-feed.js';

/** Longer than a node ever takes; a node that is stuck must not make the control plane slow. */
const PATIENCE_MS = 1000;

/**
 * Holds the answer to a change of apps, keys, namespaces or revocations until delivery works by it: a
 * key can be used as soon as it is read, and what was revoked is refused when the answer says so.
 */
@Injectable()
export class ToldInterceptor implements NestInterceptor {
  constructor(
    @Inject(ConfigFeed) private readonly feed: ConfigFeed,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const spec = this.reflector.get<RouteSpec | undefined>(ROUTE_SPEC, context.getHandler());
    if (!spec || spec.method === 'GET' || !changesConfiguration(spec.path)) return next.handle();
    return next
      .handle()
      .pipe(switchMap((answer: unknown) => from(this.feed.told(PATIENCE_MS).then(() => answer))));
  }
}

function changesConfiguration(path: string): boolean {
  return path.startsWith('/v1/apps') || path.startsWith('/v1/operator/tenants');
}
