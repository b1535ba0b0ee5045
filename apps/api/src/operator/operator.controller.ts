import { Body, Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  LoginBody,
  OperatorTenantPatch,
  OperatorTenantsQuery,
  type LimitsAnswer,
  type OperatorTenantDetails,
  type Operator,
  type OperatorTenant,
  type Page,
  type Tenant,
} from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentOperator, type OperatorOrigin } from './current-operator.js';
import { originOf } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { Impersonations } from './impersonations.js';
import { OperatorSessions, type OperatorActor } from './operator-sessions.js';
import { OperatorService } from './operator.service.js';
import { OperatorAccounts } from './staff/operator-accounts.js';

@Controller()
export class OperatorController {
  constructor(
    @Inject(OperatorService) private readonly operators: OperatorService,
    @Inject(OperatorAccounts) private readonly accounts: OperatorAccounts,
    @Inject(OperatorSessions) private readonly sessions: OperatorSessions,
    @Inject(Impersonations) private readonly looks: Impersonations,
  ) {}

  @Route(CONTROL_ROUTES.operatorLogin)
  async logIn(
    @Body({ schema: LoginBody }) body: LoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Operator> {
    const operator = await this.accounts.logIn(body, originOf(request));
    this.sessions.begin(reply, operator);
    return { id: operator.id, email: operator.email };
  }

  @Route(CONTROL_ROUTES.operatorLogout)
  async logOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    // The browser forgets both cookies whatever comes of the rest.
    this.sessions.end(reply);
    this.looks.forget(reply);
    if (this.looks.read(request) === null) return;
    const operator = await this.sessions.find(request);
    if (operator) await this.looks.end(request, reply, { ...operator, ...originOf(request) });
  }

  @Route(CONTROL_ROUTES.operatorTenants)
  tenants(
    @Query({ schema: OperatorTenantsQuery }) query: OperatorTenantsQuery,
  ): Promise<Page<OperatorTenant>> {
    return this.operators.tenants(query);
  }

  @Route(CONTROL_ROUTES.operatorMe)
  me(@Req() { user }: { user: OperatorActor }): Operator {
    return { id: user.id, email: user.email };
  }

  @Route(CONTROL_ROUTES.operatorTenant)
  tenant(@Param('tenant', IdPipe) tenant: string): Promise<OperatorTenantDetails> {
    return this.operators.tenant(tenant);
  }

  @Route(CONTROL_ROUTES.operatorTenantLimits)
  limits(@Param('tenant', IdPipe) tenant: string): Promise<LimitsAnswer> {
    return this.operators.limits(tenant);
  }

  @Route(CONTROL_ROUTES.operatorUpdateTenant)
  update(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('tenant', IdPipe) tenant: string,
    @Body({ schema: OperatorTenantPatch }) patch: OperatorTenantPatch,
  ): Promise<Tenant> {
    return this.operators.update(operator, tenant, patch);
  }
}
