import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import { CONTROL_ROUTES, ImpersonationBody, type Impersonation } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { CurrentOperator, type OperatorOrigin } from './current-operator.js';
import { Impersonations } from './impersonations.js';

/** An operator looks at a tenant; the tenant reads in its audit log who did, when and why. */
@Controller()
export class ImpersonationController {
  constructor(@Inject(Impersonations) private readonly looks: Impersonations) {}

  @Route(CONTROL_ROUTES.operatorImpersonate)
  begin(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('tenant', IdPipe) tenantId: string,
    @Body({ schema: ImpersonationBody }) { reason }: ImpersonationBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Impersonation> {
    return this.looks.begin({ request, reply }, operator, tenantId, reason);
  }

  @Route(CONTROL_ROUTES.operatorEndImpersonation)
  end(
    @CurrentOperator() operator: OperatorOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.looks.end(request, reply, operator);
  }
}
