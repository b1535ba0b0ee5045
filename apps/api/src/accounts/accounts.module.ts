import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { FailedLogins } from './failed-logins.js';
import { OidcAccounts } from './oidc/oidc-accounts.js';
import { OidcClient } from './oidc/oidc-client.js';
import { OidcController } from './oidc/oidc.controller.js';
import { OwnAccountController } from './own/own-account.controller.js';
import { OwnAccountService } from './own/own-account.service.js';
import { OwnAudit } from './own/own-audit.js';
import { Challenges } from './passkeys/challenges.js';
import { PasskeysController } from './passkeys/passkeys.controller.js';
import { Passkeys } from './passkeys/passkeys.js';
import { RecoveryCodes } from './two-step/recovery-codes.js';
import { TwoStepController } from './two-step/two-step.controller.js';
import { TwoStep } from './two-step/two-step.js';

@Module({
  controllers: [
    AccountsController,
    OwnAccountController,
    TwoStepController,
    PasskeysController,
    OidcController,
  ],
  providers: [
    AccountsService,
    FailedLogins,
    OwnAccountService,
    OwnAudit,
    TwoStep,
    RecoveryCodes,
    Passkeys,
    Challenges,
    OidcClient,
    OidcAccounts,
  ],
  exports: [TwoStep],
})
export class AccountsModule {}
