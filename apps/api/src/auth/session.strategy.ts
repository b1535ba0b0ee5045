import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import { Sessions } from '../accounts/sessions.js';
import { Impersonations } from '../operator/impersonations.js';
import type { Actor } from './actor.js';

export const SESSION_STRATEGY = 'holdline-session';

/** The cookie of a signed-in user; an operator who looks at a tenant goes before it. */
@Injectable()
export class SessionStrategy extends PassportStrategy(Strategy, SESSION_STRATEGY) {
  constructor(
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(Impersonations) private readonly looks: Impersonations,
  ) {
    super();
  }

  async validate(request: FastifyRequest): Promise<Actor | null> {
    return (await this.looks.find(request)) ?? this.sessions.find(request);
  }
}
