import { Module } from '@nestjs/common';
import { Database } from '#database';
import type { Logger } from '#platform';
import { LOG } from '../data/log.js';
import { Settings } from '../settings.js';
import { StripeConnection } from '../stripe/stripe-connection.js';
import { BillingParts, PaymentProviders } from './billing-parts.js';
import { BillingWorker } from './billing-worker.js';
import { BudgetsController } from './budgets.controller.js';
import { BudgetsService } from './budgets.service.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';
import { LogMailer, Mailer } from './mailer.js';
import { OperatorBillingController } from './operator-billing.controller.js';
import { OperatorBillingService } from './operator-billing.service.js';
import { OperatorPlansService } from './operator-plans.service.js';
import { PlanController } from './plan.controller.js';
import { PlanSeed } from './plan-seed.js';
import { PlanService } from './plan.service.js';

@Module({
  controllers: [PlanController, InvoicesController, BudgetsController, OperatorBillingController],
  providers: [
    { provide: Mailer, useClass: LogMailer },
    BillingParts,
    {
      provide: PaymentProviders,
      useFactory: (parts: BillingParts, { adapter }: StripeConnection) =>
        new PaymentProviders(parts.byInvoice(), adapter?.provider ?? null),
      inject: [BillingParts, StripeConnection],
    },
    {
      provide: StripeConnection,
      useFactory: (settings: Settings, database: Database, parts: BillingParts, log: Logger) =>
        StripeConnection.open(settings, database, parts, log),
      inject: [Settings, Database, BillingParts, LOG],
    },
    PlanService,
    InvoicesService,
    BudgetsService,
    OperatorBillingService,
    OperatorPlansService,
    PlanSeed,
    BillingWorker,
  ],
  exports: [BillingParts, PaymentProviders, StripeConnection],
})
export class BillingModule {}
