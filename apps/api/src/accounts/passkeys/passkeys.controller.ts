import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  NewPasskey,
  PasskeyLogin,
  PasswordAgain,
  type MeAnswer,
  type Passkey,
} from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Route } from '../../http/route.js';
import { IdPipe } from '../../http/validation.js';
import { Settings } from '../../settings.js';
import { AccountsService } from '../accounts.service.js';
import { CurrentUser, type UserActor } from '../own/user-actor.js';
import { Sessions } from '../sessions.js';
import { Passkeys, type Place } from './passkeys.js';

@Controller()
export class PasskeysController {
  constructor(
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(AccountsService) private readonly accounts: AccountsService,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  @Route(CONTROL_ROUTES.passkeyOptions)
  async options(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
    @Req() request: FastifyRequest,
  ) {
    await this.accounts.requirePassword(user, password);
    return this.passkeys.creationOptions(user, placeOf(request, this.settings.apiUrl));
  }

  @Route(CONTROL_ROUTES.addPasskey)
  add(
    @CurrentUser() user: UserActor,
    @Body({ schema: NewPasskey }) { name, credential }: NewPasskey,
    @Req() request: FastifyRequest,
  ): Promise<Passkey> {
    return this.passkeys.add(user, placeOf(request, this.settings.apiUrl), name, credential);
  }

  @Route(CONTROL_ROUTES.removePasskey)
  async remove(
    @CurrentUser() user: UserActor,
    @Param('passkey', IdPipe) passkey: string,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<void> {
    await this.accounts.requirePassword(user, password);
    await this.passkeys.remove(user, passkey);
  }

  @Route(CONTROL_ROUTES.passkeyLoginOptions)
  loginOptions(@Req() request: FastifyRequest) {
    return this.passkeys.requestOptions(placeOf(request, this.settings.apiUrl));
  }

  @Route(CONTROL_ROUTES.passkeyLogin)
  async logIn(
    @Body({ schema: PasskeyLogin }) { credential }: PasskeyLogin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MeAnswer> {
    const place = placeOf(request, this.settings.apiUrl);
    const { id, userId } = await this.passkeys.signIn(place, credential);
    const tenantId = await this.accounts.firstTenant(userId);
    await this.sessions.begin(request, reply, userId, tenantId, 'login.succeeded', { passkey: id });
    return this.accounts.describeUser(userId, tenantId);
  }
}

/**
 * The page that asks is on this very server: a browser binds what it signs to the name that it was reached
 * by, and shows it to no other. Behind a proxy that name is the public URL's; whoever comes past the proxy
 * has the name of the request.
 */
function placeOf(request: FastifyRequest, apiUrl: string): Place {
  const { origin, hostname } = new URL(apiUrl);
  if (request.headers.origin === origin) return { origin, hostname };
  return { origin: `${request.protocol}://${request.host}`, hostname: request.hostname };
}
