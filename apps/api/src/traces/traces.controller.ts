import { Controller, Inject, Param } from '@nestjs/common';
import { CONTROL_ROUTES, type MessageTrace, type TraceOn } from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { ChannelPipe } from './channel.pipe.js';
import { PositionPipe } from './position.pipe.js';
import { TracesService } from './traces.service.js';

@Controller()
export class TracesController {
  constructor(@Inject(TracesService) private readonly traces: TracesService) {}

  @Route(CONTROL_ROUTES.startTrace)
  start(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('channel', ChannelPipe) channel: string,
  ): Promise<TraceOn> {
    return this.traces.start(tenantId, app, channel);
  }

  @Route(CONTROL_ROUTES.messageTrace)
  message(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('channel', ChannelPipe) channel: string,
    @Param('position', PositionPipe) position: number,
  ): Promise<MessageTrace> {
    return this.traces.message(tenantId, { app, channel, position });
  }
}
