import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  LoginBody,
  Problem,
  SignupBody,
  type MeAnswer,
  type SignupAnswer,
} from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, originOf, type Actor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { AccountsService } from './accounts.service.js';
import { Sessions } from './sessions.js';

@Controller()
export class AccountsController {
  constructor(
    @Inject(AccountsService) private readonly accounts: AccountsService,
    @Inject(Sessions) private readonly sessions: Sessions,
  ) {}

  @Route(CONTROL_ROUTES.signup)
  async signUp(
    @Body({ schema: SignupBody }) body: SignupBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignupAnswer> {
    const made = await this.accounts.signUp(body, originOf(request));
    await this.sessions.begin(request, reply, made.user.id, made.tenant.id, 'login.succeeded');
    return { user: made.user, tenant: made.tenant, role: 'owner', app: made.app };
  }

  @Route(CONTROL_ROUTES.login)
  async logIn(
    @Body({ schema: LoginBody }) body: LoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MeAnswer> {
    const { userId, tenantId } = await this.accounts.logIn(body, originOf(request));
    await this.sessions.begin(request, reply, userId, tenantId, 'login.succeeded');
    return this.accounts.describeUser(userId, tenantId);
  }

  @Route(CONTROL_ROUTES.logout)
  async logOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.end(request, reply);
  }

  @Route(CONTROL_ROUTES.me)
  me(@CurrentActor() actor: Actor): Promise<MeAnswer> {
    return this.accounts.describe(actor);
  }

  @Route(CONTROL_ROUTES.switchTenant)
  async switchTenant(
    @CurrentActor() actor: Actor,
    @Param('tenant', IdPipe) tenantId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MeAnswer> {
    if (actor.kind !== 'user') {
      throw new Problem(
        'forbidden',
        actor.kind === 'key'
          ? 'An API key acts for its own tenant only. Sign in to switch, or use a key of the other tenant.'
          : 'You look at one tenant as one of the platform’s staff. End it, and look at the other.',
      );
    }
    await this.accounts.requireMembership(actor.id, tenantId);
    await this.sessions.begin(request, reply, actor.id, tenantId, 'session.switched');
    return this.accounts.describeUser(actor.id, tenantId);
  }
}
