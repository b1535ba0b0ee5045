import { Module } from '@nestjs/common';
import { ConfigFeedModule } from '../config-feed/config-feed.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { StripeModule } from '../stripe/stripe.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { DifferencesService } from './differences.service.js';
import { ImpersonationController } from './impersonation.controller.js';
import { NodesService } from './nodes.service.js';
import { OperatorController } from './operator.controller.js';
import { OperatorService } from './operator.service.js';
import { ReconciliationService } from './reconciliation.service.js';
import { ServiceController } from './service.controller.js';
import { TroubleService } from './trouble.service.js';

@Module({
  imports: [ConfigFeedModule, LimitsModule, UsageModule, StripeModule],
  controllers: [OperatorController, ImpersonationController, ServiceController],
  providers: [
    OperatorService,
    NodesService,
    TroubleService,
    ReconciliationService,
    DifferencesService,
  ],
})
export class OperatorModule {}
