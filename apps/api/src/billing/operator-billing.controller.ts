import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  CouponBody,
  CouponCode,
  CreditBody,
  OperatorBillingPatch,
  OperatorInvoicesQuery,
  PaymentBody,
  PlanBody,
  PlanId,
  PlanPatch,
  VoidBody,
  type Coupon,
  type InvoiceWithLines,
  type OperatorBilling,
  type OperatorInvoice,
  type Page,
  type Plan,
} from '#contracts';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { CurrentOperator, type OperatorOrigin } from '../operator/current-operator.js';
import { NamePipe } from './name-pipe.js';
import { OperatorBillingService } from './operator-billing.service.js';
import { OperatorPlansService } from './operator-plans.service.js';

const PLAN = new NamePipe(PlanId, 'plan');
const COUPON = new NamePipe(CouponCode, 'coupon');

@Controller()
export class OperatorBillingController {
  constructor(
    @Inject(OperatorPlansService) private readonly offers: OperatorPlansService,
    @Inject(OperatorBillingService) private readonly billing: OperatorBillingService,
  ) {}

  @Route(CONTROL_ROUTES.operatorPlans)
  plans(): Promise<{ data: Plan[] }> {
    return this.offers.list();
  }

  @Route(CONTROL_ROUTES.operatorCreatePlan)
  createPlan(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: PlanBody }) body: PlanBody,
  ): Promise<Plan> {
    return this.offers.create(operator, body);
  }

  @Route(CONTROL_ROUTES.operatorUpdatePlan)
  updatePlan(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('plan', PLAN) plan: string,
    @Body({ schema: PlanPatch }) patch: PlanPatch,
  ): Promise<Plan> {
    return this.offers.update(operator, plan, patch);
  }

  @Route(CONTROL_ROUTES.operatorRetirePlan)
  retirePlan(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('plan', PLAN) plan: string,
  ): Promise<Plan> {
    return this.offers.retire(operator, plan);
  }

  @Route(CONTROL_ROUTES.operatorCoupons)
  coupons(): Promise<{ data: Coupon[] }> {
    return this.offers.coupons();
  }

  @Route(CONTROL_ROUTES.operatorCreateCoupon)
  createCoupon(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: CouponBody }) body: CouponBody,
  ): Promise<Coupon> {
    return this.offers.createCoupon(operator, body);
  }

  @Route(CONTROL_ROUTES.operatorEndCoupon)
  endCoupon(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('coupon', COUPON) coupon: string,
  ): Promise<Coupon> {
    return this.offers.endCoupon(operator, coupon);
  }

  @Route(CONTROL_ROUTES.operatorTenantBilling)
  show(@Param('tenant', IdPipe) tenant: string): Promise<OperatorBilling> {
    return this.billing.show(tenant);
  }

  @Route(CONTROL_ROUTES.operatorUpdateTenantBilling)
  update(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('tenant', IdPipe) tenant: string,
    @Body({ schema: OperatorBillingPatch }) patch: OperatorBillingPatch,
  ): Promise<OperatorBilling> {
    return this.billing.update(operator, tenant, patch);
  }

  @Route(CONTROL_ROUTES.operatorGiveCredit)
  credit(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('tenant', IdPipe) tenant: string,
    @Body({ schema: CreditBody }) body: CreditBody,
  ): Promise<OperatorBilling> {
    return this.billing.credit(operator, tenant, body);
  }

  @Route(CONTROL_ROUTES.operatorInvoices)
  invoices(
    @Query({ schema: OperatorInvoicesQuery }) query: OperatorInvoicesQuery,
  ): Promise<Page<OperatorInvoice>> {
    return this.billing.invoices(query);
  }

  @Route(CONTROL_ROUTES.operatorRecordPayment)
  pay(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('invoice', IdPipe) invoice: string,
    @Body({ schema: PaymentBody }) body: PaymentBody,
  ): Promise<InvoiceWithLines> {
    return this.billing.pay(operator, invoice, body);
  }

  @Route(CONTROL_ROUTES.operatorVoidInvoice)
  void(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('invoice', IdPipe) invoice: string,
    @Body({ schema: VoidBody }) body: VoidBody,
  ): Promise<InvoiceWithLines> {
    return this.billing.void(operator, invoice, body.redraw);
  }
}
