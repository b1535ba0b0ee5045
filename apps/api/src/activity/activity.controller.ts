import { Controller, Inject, Query } from '@nestjs/common';
import { ActivityQuery, CONTROL_ROUTES, type Activity } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { ActivityService } from './activity.service.js';

@Controller()
export class ActivityController {
  constructor(@Inject(ActivityService) private readonly activity: ActivityService) {}

  @Route(CONTROL_ROUTES.activity)
  show(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ActivityQuery }) query: ActivityQuery,
  ): Promise<Activity> {
    return this.activity.show(tenantId, query);
  }
}
