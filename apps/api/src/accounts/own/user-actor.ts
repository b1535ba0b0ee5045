import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Problem } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { actorOf, originOf } from '../../auth/actor.js';

/** A signed-in user, on routes that are about the user and not about a tenant. */
export interface UserActor {
  readonly id: string;
  readonly email: string;
  /** The hash of its session's cookie. */
  readonly session: string;
  readonly ip: string;
  readonly userAgent: string | null;
}

export const CurrentUser = createParamDecorator(
  (_data: unknown, context: ExecutionContext): UserActor => {
    const { kind, id, email, session } = actorOf(context);
    if (kind !== 'user' || email === null || session === null) {
      throw new Problem(
        'forbidden',
        'This is about a person’s own account. Sign in as that person (POST /v1/login).',
      );
    }
    const origin = originOf(context.switchToHttp().getRequest<FastifyRequest>());
    return { id, email, session, ...origin };
  },
);
