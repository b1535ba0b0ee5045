import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { originOf } from '../auth/actor.js';
import type { OperatorActor } from './operator-sessions.js';

/** Which of the platform's staff acts, and from where: with a tenant beside it, what the audit log asks for. */
export interface OperatorOrigin {
  readonly id: string;
  readonly email: string;
  readonly ip: string;
  readonly userAgent: string | null;
}

export const CurrentOperator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): OperatorOrigin => {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user: OperatorActor }>();
    const { id, email } = request.user;
    return { id, email, ...originOf(request) };
  },
);
