import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ConfigFeedModule } from '../config-feed/config-feed.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { StripeModule } from '../stripe/stripe.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { DifferencesService } from './differences.service.js';
import { ImpersonationController } from './impersonation.controller.js';
import { NodesService } from './nodes.service.js';
import { OperatorController } from './operator.controller.js';
import { OperatorService } from './operator.service.js';
import { DeclaredOperatorSeed } from './staff/declared-operator-seed.js';
import { OperatorAccountController } from './staff/operator-account.controller.js';
import { OperatorAccounts } from './staff/operator-accounts.js';
import { StaffController } from './staff/staff.controller.js';
import { StaffService } from './staff/staff.service.js';
import { ReconciliationService } from './reconciliation.service.js';
import { ServiceController } from './service.controller.js';
import { TroubleService } from './trouble.service.js';

@Module({
  imports: [AccountsModule, ConfigFeedModule, LimitsModule, UsageModule, StripeModule],
  controllers: [
    OperatorController,
    OperatorAccountController,
    StaffController,
    ImpersonationController,
    ServiceController,
  ],
  providers: [
    OperatorService,
    OperatorAccounts,
    StaffService,
    DeclaredOperatorSeed,
    NodesService,
    TroubleService,
    ReconciliationService,
    DifferencesService,
  ],
})
export class OperatorModule {}
