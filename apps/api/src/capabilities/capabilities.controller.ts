import { Body, Controller, Inject, Param } from '@nestjs/common';
import { CanBody, CONTROL_ROUTES, type CanAnswer } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { CapabilitiesService } from './capabilities.service.js';

@Controller()
export class CapabilitiesController {
  constructor(@Inject(CapabilitiesService) private readonly capabilities: CapabilitiesService) {}

  @Route(CONTROL_ROUTES.can)
  can(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Body({ schema: CanBody }) body: CanBody,
  ): Promise<CanAnswer> {
    return this.capabilities.can(tenantId, app, body);
  }
}
