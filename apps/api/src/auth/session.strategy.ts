import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import { Sessions } from '../accounts/sessions.js';
import type { Actor } from './actor.js';

export const SESSION_STRATEGY = 'holdline-session';

/** The cookie of a signed-in user. */
@Injectable()
export class SessionStrategy extends PassportStrategy(Strategy, SESSION_STRATEGY) {
  constructor(@Inject(Sessions) private readonly sessions: Sessions) {
    super();
  }

  validate(request: FastifyRequest): Promise<Actor | null> {
    return this.sessions.find(request);
  }
}
