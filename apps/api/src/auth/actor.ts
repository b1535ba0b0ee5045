import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Problem, type Role } from '#contracts';
import { plainAddress } from '#platform';
import type { FastifyRequest } from 'fastify';

/**
 * Who acts on the control plane: a signed-in user, a key with `admin`, which acts as a developer, or one
 * of the platform's staff who looks at a tenant, as a viewer.
 */
export interface Actor {
  readonly kind: 'user' | 'key' | 'operator';
  /** `usr_…`, the key's id or `opr_…`: what `createdBy` says. */
  readonly id: string;
  readonly email: string | null;
  /** The app that a key belongs to. */
  readonly appId: string | null;
  readonly userCreatedAt: Date | null;
  /** Which session, by the hash of its cookie; null for who is no user. */
  readonly session: string | null;
  /** Until when (ms since 1970) an operator looks; of nobody else. */
  readonly endsAt?: number;
  /** null: a user who is a member of no tenant. */
  readonly membership: Membership | null;
}

export interface Membership {
  readonly tenantId: string;
  readonly tenantStatus: 'active' | 'suspended' | 'closed';
  readonly role: Role;
}

/** An actor that has a tenant: what every route but /v1/me and /v1/tenants/… asks for. */
export interface TenantActor {
  readonly kind: Actor['kind'];
  readonly id: string;
  readonly tenantId: string;
  readonly role: Role;
  /** Where the request came from: what the audit log says beside who. */
  readonly ip: string;
  readonly userAgent: string | null;
}

export const CurrentActor = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Actor => actorOf(context),
);

export const CurrentTenant = createParamDecorator(
  (_data: unknown, context: ExecutionContext): TenantActor => {
    const { kind, id, membership } = actorOf(context);
    if (!membership) throw noTenant();
    const origin = originOf(context.switchToHttp().getRequest<FastifyRequest>());
    return { kind, id, tenantId: membership.tenantId, role: membership.role, ...origin };
  },
);

export function actorOf(context: ExecutionContext): Actor {
  return context.switchToHttp().getRequest<{ user: Actor }>().user;
}

export function originOf(request: FastifyRequest): { ip: string; userAgent: string | null } {
  return { ip: plainAddress(request.ip), userAgent: request.headers['user-agent'] ?? null };
}

export function noTenant(): Problem {
  return new Problem(
    'forbidden',
    'You are a member of no tenant. Ask an owner to add your e-mail address, or sign up with another one.',
  );
}
