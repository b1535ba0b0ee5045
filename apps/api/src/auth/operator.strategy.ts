import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import { OperatorSessions, type OperatorActor } from '../operator/operator-sessions.js';

export const OPERATOR_STRATEGY = 'holdline-operator';

/** The cookie of a signed-in operator. No API key and no user's session opens these routes. */
@Injectable()
export class OperatorStrategy extends PassportStrategy(Strategy, OPERATOR_STRATEGY) {
  constructor(@Inject(OperatorSessions) private readonly sessions: OperatorSessions) {
    super();
  }

  validate(request: FastifyRequest): Promise<OperatorActor | null> {
    return this.sessions.find(request);
  }
}
