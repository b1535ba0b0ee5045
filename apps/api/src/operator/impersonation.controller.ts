import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import { CONTROL_ROUTES, ImpersonationBody, type Impersonation } from '#contracts';
import { Database } from '#database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { shownTenant } from '../accounts/accounts.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { CurrentOperator, type OperatorOrigin } from './current-operator.js';
import { Impersonations } from './impersonations.js';
import { requireTenant } from './operator.service.js';

/** An operator looks at a tenant; the tenant reads in its audit log who did, when and why. */
@Controller()
export class ImpersonationController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Impersonations) private readonly looks: Impersonations,
  ) {}

  @Route(CONTROL_ROUTES.operatorImpersonate)
  async begin(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('tenant', IdPipe) tenantId: string,
    @Body({ schema: ImpersonationBody }) { reason }: ImpersonationBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Impersonation> {
    const tenant = await this.database.asSystem(async (tx) => {
      const found = await requireTenant(tx, tenantId);
      await this.audit.record(
        tx,
        { ...operator, tenantId },
        { action: 'impersonation.began', target: tenantId, after: { reason } },
      );
      return found;
    });
    const endsAt = this.looks.begin(reply, operator.id, tenantId);
    return { tenant: shownTenant(tenant), endsAt: new Date(endsAt).toISOString() };
  }

  @Route(CONTROL_ROUTES.operatorEndImpersonation)
  async end(
    @CurrentOperator() operator: OperatorOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const look = this.looks.read(request);
    this.looks.end(reply);
    if (look?.operatorId !== operator.id) return;
    const { tenantId } = look;
    await this.database.asSystem((tx) =>
      this.audit.record(
        tx,
        { ...operator, tenantId },
        { action: 'impersonation.ended', target: tenantId },
      ),
    );
  }
}
