import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { OperatorActor } from '../operator/operator-sessions.js';

/** The id of the operator who acts, on routes that ask for one. */
export const ActingOperator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string =>
    context.switchToHttp().getRequest<{ user: OperatorActor }>().user.id,
);
