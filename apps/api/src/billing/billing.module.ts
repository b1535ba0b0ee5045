import { Module } from '@nestjs/common';
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
      useFactory: (parts: BillingParts) => new PaymentProviders(parts.byInvoice(), null),
      inject: [BillingParts],
    },
    PlanService,
    InvoicesService,
    BudgetsService,
    OperatorBillingService,
    OperatorPlansService,
    PlanSeed,
    BillingWorker,
  ],
  exports: [BillingParts, PaymentProviders],
})
export class BillingModule {}
