import { Body, Controller, Inject, Query } from '@nestjs/common';
import { BudgetBody, BudgetQuery, CONTROL_ROUTES, type Budget } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { BudgetsService } from './budgets.service.js';

@Controller()
export class BudgetsController {
  constructor(@Inject(BudgetsService) private readonly budgets: BudgetsService) {}

  @Route(CONTROL_ROUTES.listBudgets)
  list(@CurrentTenant() { tenantId }: TenantActor): Promise<{ data: Budget[] }> {
    return this.budgets.list(tenantId);
  }

  @Route(CONTROL_ROUTES.putBudget, 'bill')
  put(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: BudgetBody }) body: BudgetBody,
  ): Promise<Budget> {
    return this.budgets.put(actor, body);
  }

  @Route(CONTROL_ROUTES.deleteBudget, 'bill')
  remove(
    @CurrentTenant() actor: TenantActor,
    @Query({ schema: BudgetQuery }) { appId }: BudgetQuery,
  ): Promise<void> {
    return this.budgets.remove(actor, appId);
  }
}
