import { Controller, Inject, Query } from '@nestjs/common';
import { CONTROL_ROUTES, LimitsQuery, type LimitsAnswer } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { LimitsService } from './limits.service.js';

@Controller()
export class LimitsController {
  constructor(@Inject(LimitsService) private readonly limits: LimitsService) {}

  @Route(CONTROL_ROUTES.limits)
  show(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: LimitsQuery }) query: LimitsQuery,
  ): Promise<LimitsAnswer> {
    return this.limits.show(tenantId, query);
  }
}
