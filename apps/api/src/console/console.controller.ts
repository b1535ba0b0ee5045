import { Controller, Inject, Param } from '@nestjs/common';
import { CONTROL_ROUTES, type ConsoleToken } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { ConsoleService } from './console.service.js';

@Controller()
export class ConsoleController {
  constructor(@Inject(ConsoleService) private readonly console: ConsoleService) {}

  @Route(CONTROL_ROUTES.consoleToken)
  token(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
  ): Promise<ConsoleToken> {
    return this.console.token(actor, app);
  }
}
