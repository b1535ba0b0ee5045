import { Body, Controller, Inject, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  PasswordAgain,
  PasswordChange,
  TotpCode,
  type OperatorAccount,
  type RecoveryCodes,
  type TwoStepSecret,
} from '#contracts';
import type { FastifyReply } from 'fastify';
import { TwoStep } from '../../accounts/two-step/two-step.js';
import { Route } from '../../http/route.js';
import { CurrentOperator, type OperatorOrigin } from '../current-operator.js';
import { OperatorSessions } from '../operator-sessions.js';
import { OperatorAccounts } from './operator-accounts.js';

@Controller()
export class OperatorAccountController {
  constructor(
    @Inject(OperatorAccounts) private readonly accounts: OperatorAccounts,
    @Inject(OperatorSessions) private readonly sessions: OperatorSessions,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
  ) {}

  @Route(CONTROL_ROUTES.operatorAccount)
  show(@CurrentOperator() operator: OperatorOrigin): Promise<OperatorAccount> {
    return this.accounts.show(operator);
  }

  @Route(CONTROL_ROUTES.operatorChangePassword)
  async changePassword(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: PasswordChange }) { password, newPassword }: PasswordChange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.accounts.requirePassword(operator, password);
    this.sessions.begin(reply, await this.accounts.changePassword(operator, newPassword));
  }

  @Route(CONTROL_ROUTES.operatorBeginTwoStep)
  async begin(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<TwoStepSecret> {
    await this.accounts.requirePassword(operator, password);
    // Who is a customer too has another entry of that address in the app.
    return this.twoStep.begin({ ...operator, email: `${operator.email} (operator)` });
  }

  @Route(CONTROL_ROUTES.operatorConfirmTwoStep)
  async confirm(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: TotpCode }) { code }: TotpCode,
  ): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.twoStep.confirm(operator, code) };
  }

  @Route(CONTROL_ROUTES.operatorRenewRecoveryCodes)
  async renew(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<RecoveryCodes> {
    await this.accounts.requirePassword(operator, password);
    return { recoveryCodes: await this.twoStep.renewRecoveryCodes(operator) };
  }

  @Route(CONTROL_ROUTES.operatorEndTwoStep)
  async end(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<void> {
    await this.accounts.requirePassword(operator, password);
    await this.twoStep.end(operator);
  }
}
