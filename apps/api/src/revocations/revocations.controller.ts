import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { CONTROL_ROUTES, ListQuery, RevocationBody, type Page, type Revocation } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { RevocationsService } from './revocations.service.js';

@Controller()
export class RevocationsController {
  constructor(@Inject(RevocationsService) private readonly revocations: RevocationsService) {}

  @Route(CONTROL_ROUTES.listRevocations)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<Revocation>> {
    return this.revocations.list(tenantId, app, query);
  }

  @Route(CONTROL_ROUTES.createRevocation, 'develop')
  create(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Body({ schema: RevocationBody }) body: RevocationBody,
  ): Promise<Revocation> {
    return this.revocations.create(actor, app, body);
  }
}
