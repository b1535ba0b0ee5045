import { Body, Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ListQuery,
  LoginBody,
  OperatorTenantPatch,
  type Operator,
  type OperatorTenant,
  type Page,
  type Tenant,
} from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentOperator, type OperatorOrigin } from './current-operator.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { OperatorSessions } from './operator-sessions.js';
import { OperatorService } from './operator.service.js';

@Controller()
export class OperatorController {
  constructor(
    @Inject(OperatorService) private readonly operators: OperatorService,
    @Inject(OperatorSessions) private readonly sessions: OperatorSessions,
  ) {}

  @Route(CONTROL_ROUTES.operatorLogin)
  async logIn(
    @Body({ schema: LoginBody }) body: LoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Operator> {
    const operator = await this.operators.logIn(body, request.ip);
    this.sessions.begin(reply, operator);
    return { id: operator.id, email: operator.email };
  }

  @Route(CONTROL_ROUTES.operatorLogout)
  logOut(@Res({ passthrough: true }) reply: FastifyReply): void {
    this.sessions.end(reply);
  }

  @Route(CONTROL_ROUTES.operatorTenants)
  tenants(@Query({ schema: ListQuery }) query: ListQuery): Promise<Page<OperatorTenant>> {
    return this.operators.tenants(query);
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
