import { Body, Controller, Inject } from '@nestjs/common';
import { CONTROL_ROUTES, PasswordChange, type OwnAccount } from '#contracts';
import { Route } from '../../http/route.js';
import { AccountsService } from '../accounts.service.js';
import { OwnAccountService } from './own-account.service.js';
import { CurrentUser, type UserActor } from './user-actor.js';

@Controller()
export class OwnAccountController {
  constructor(
    @Inject(OwnAccountService) private readonly own: OwnAccountService,
    @Inject(AccountsService) private readonly accounts: AccountsService,
  ) {}

  @Route(CONTROL_ROUTES.ownAccount)
  show(@CurrentUser() user: UserActor): Promise<OwnAccount> {
    return this.own.show(user);
  }

  @Route(CONTROL_ROUTES.changePassword)
  async changePassword(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordChange }) { password, newPassword }: PasswordChange,
  ): Promise<void> {
    await this.accounts.requirePassword(user, password);
    await this.own.changePassword(user, newPassword);
  }

  @Route(CONTROL_ROUTES.endOtherSessions)
  endOthers(@CurrentUser() user: UserActor): Promise<void> {
    return this.own.endOthers(user);
  }
}
