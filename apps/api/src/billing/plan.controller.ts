import { Body, Controller, Inject } from '@nestjs/common';
import {
  CheckoutBody,
  CONTROL_ROUTES,
  PlanChangeBody,
  PortalBody,
  type PlanAnswer,
  type PlanChangeAnswer,
  type Upcoming,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { PlanService } from './plan.service.js';

@Controller()
export class PlanController {
  constructor(@Inject(PlanService) private readonly plans: PlanService) {}

  @Route(CONTROL_ROUTES.getPlan)
  show(@CurrentTenant() { tenantId }: TenantActor): Promise<PlanAnswer> {
    return this.plans.show(tenantId);
  }

  @Route(CONTROL_ROUTES.putPlan, 'bill')
  change(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: PlanChangeBody }) body: PlanChangeBody,
  ): Promise<PlanChangeAnswer> {
    return this.plans.change(actor, body);
  }

  @Route(CONTROL_ROUTES.upcomingInvoice)
  upcoming(@CurrentTenant() { tenantId }: TenantActor): Promise<Upcoming> {
    return this.plans.upcoming(tenantId);
  }

  @Route(CONTROL_ROUTES.checkout, 'bill')
  checkout(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: CheckoutBody }) body: CheckoutBody,
  ): Promise<{ url: string }> {
    return this.plans.checkout(actor, body);
  }

  @Route(CONTROL_ROUTES.billingPortal, 'bill')
  portal(
    @CurrentTenant() { tenantId }: TenantActor,
    @Body({ schema: PortalBody }) body: PortalBody,
  ): Promise<{ url: string }> {
    return this.plans.portal(tenantId, body.returnUrl);
  }
}
