import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { Secrets } from '#access';
import { Problem, roleMay, type Need } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { refuseForeignPage } from '../http/origin.js';
import { nothingAt } from '../http/problem.filter.js';
import { ROUTE_ACCESS, type RouteAccess } from '../http/route.js';
import { Settings } from '../settings.js';
import { actorOf, noTenant, type Actor } from './actor.js';
import { KEY_STRATEGY } from './key.strategy.js';
import { OPERATOR_STRATEGY } from './operator.strategy.js';
import { SESSION_STRATEGY } from './session.strategy.js';

/** A key when one is sent, else the session cookie. */
class MemberGuard extends AuthGuard([KEY_STRATEGY, SESSION_STRATEGY]) {
  override handleRequest<T>(error: unknown, user: T): T {
    if (error) throw toError(error);
    if (user) return user;
    throw new Problem(
      'unauthenticated',
      'Sign in (POST /v1/login), or send an API key with the `admin` capability as `Authorization: Bearer <key>`.',
    );
  }
}

class OperatorGuard extends AuthGuard(OPERATOR_STRATEGY) {
  override handleRequest<T>(error: unknown, user: T): T {
    if (error) throw toError(error);
    if (user) return user;
    throw new Problem(
      'unauthenticated',
      'These routes are for the platform’s own staff: sign in at POST /v1/operator/login.',
    );
  }
}

/** The one guard of all routes. A route that says nothing about who may is not served. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly members = new MemberGuard();
  private readonly operators = new OperatorGuard();
  private readonly internal: Buffer;

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.internal = digest(`Bearer ${secrets.derive('internal').toString('hex')}`);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    const write = request.method !== 'GET' && request.method !== 'HEAD';
    switch (access?.auth) {
      case 'none':
        if (write) refuseForeignPage(request, this.settings.apiUrl);
        return true;
      case 'session':
        await this.members.canActivate(context);
        if (write && actorOf(context).kind !== 'key')
          refuseForeignPage(request, this.settings.apiUrl);
        checkMember(actorOf(context), access);
        return true;
      case 'operator':
        await this.operators.canActivate(context);
        if (write) refuseForeignPage(request, this.settings.apiUrl);
        return true;
      case 'internal':
        if (timingSafeEqual(digest(request.headers.authorization ?? ''), this.internal))
          return true;
        throw nothingAt(request.method, request.url.split('?', 1)[0] ?? '');
      default:
        throw new Error(
          `${request.method} ${request.routeOptions.url} does not say who may call it`,
        );
    }
  }
}

function checkMember(actor: Actor, { need, writes }: RouteAccess): void {
  if (actor.kind === 'operator' && writes) {
    throw new Problem(
      'forbidden',
      'You look at this tenant as one of the platform’s staff, and nothing is changed that way. Use the operator’s own pages.',
    );
  }
  if (need === 'read') return;
  if (!actor.membership) throw noTenant();
  const { role, tenantStatus } = actor.membership;
  if (tenantStatus !== 'active') {
    throw new Problem(
      'forbidden',
      `This tenant is ${tenantStatus}: it can be read, not changed. Write to the platform’s staff.`,
    );
  }
  if (!roleMay(role, need)) {
    throw new Problem(
      'forbidden',
      `This takes ${ASKED[need]}; you act as ${role}. Ask an owner of the tenant to do it or to change your role.`,
    );
  }
}

const ASKED = {
  read: 'a member',
  develop: 'an owner or developer',
  bill: 'an owner, or a member with the role billing',
  own: 'an owner',
} as const satisfies Record<Need, string>;

/** Of equal length, so that comparing takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function toError(fault: unknown): Error {
  return fault instanceof Error ? fault : new Error(String(fault));
}
