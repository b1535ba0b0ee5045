import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { AppBody, AppPatch, CONTROL_ROUTES, ListQuery, type App, type Page } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { AppsService } from './apps.service.js';

@Controller()
export class AppsController {
  constructor(@Inject(AppsService) private readonly apps: AppsService) {}

  @Route(CONTROL_ROUTES.listApps)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<App>> {
    return this.apps.list(tenantId, query);
  }

  @Route(CONTROL_ROUTES.createApp, 'develop')
  create(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: AppBody }) body: AppBody,
  ): Promise<App> {
    return this.apps.create(actor, body);
  }

  @Route(CONTROL_ROUTES.getApp)
  get(@CurrentTenant() { tenantId }: TenantActor, @Param('app', IdPipe) app: string): Promise<App> {
    return this.apps.get(tenantId, app);
  }

  @Route(CONTROL_ROUTES.updateApp, 'develop')
  update(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Body({ schema: AppPatch }) patch: AppPatch,
  ): Promise<App> {
    return this.apps.update(actor, app, patch);
  }

  @Route(CONTROL_ROUTES.deleteApp, 'develop')
  revoke(@CurrentTenant() actor: TenantActor, @Param('app', IdPipe) app: string): Promise<void> {
    return this.apps.revoke(actor, app);
  }
}
