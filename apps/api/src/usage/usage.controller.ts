import { Controller, Inject, Query } from '@nestjs/common';
import { CONTROL_ROUTES, UsageQuery, type UsageReport } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { UsageService } from './usage.service.js';

@Controller()
export class UsageController {
  constructor(@Inject(UsageService) private readonly usage: UsageService) {}

  @Route(CONTROL_ROUTES.usage)
  report(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: UsageQuery }) query: UsageQuery,
  ): Promise<UsageReport> {
    return this.usage.report(tenantId, query);
  }
}
