import { Body, Controller, Inject } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  PasswordAgain,
  TotpCode,
  type RecoveryCodes,
  type TwoStepSecret,
} from '#contracts';
import { Route } from '../../http/route.js';
import { AccountsService } from '../accounts.service.js';
import { CurrentUser, type UserActor } from '../own/user-actor.js';
import { TwoStep } from './two-step.js';

@Controller()
export class TwoStepController {
  constructor(
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(AccountsService) private readonly accounts: AccountsService,
  ) {}

  @Route(CONTROL_ROUTES.beginTwoStep)
  async begin(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<TwoStepSecret> {
    await this.accounts.requirePassword(user, password);
    return this.twoStep.begin(user);
  }

  @Route(CONTROL_ROUTES.confirmTwoStep)
  async confirm(
    @CurrentUser() user: UserActor,
    @Body({ schema: TotpCode }) { code }: TotpCode,
  ): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.twoStep.confirm(user, code) };
  }

  @Route(CONTROL_ROUTES.renewRecoveryCodes)
  async renew(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<RecoveryCodes> {
    await this.accounts.requirePassword(user, password);
    return { recoveryCodes: await this.twoStep.renewRecoveryCodes(user) };
  }

  @Route(CONTROL_ROUTES.endTwoStep)
  async end(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<void> {
    await this.accounts.requirePassword(user, password);
    await this.twoStep.end(user);
  }
}
