import { Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  LiveChannelQuery,
  LiveClientQuery,
  LiveGroupQuery,
  type LiveChannel,
  type LiveClient,
  type LiveGroupList,
  type Page,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { ChannelsService } from './channels.service.js';

@Controller()
export class ChannelsController {
  constructor(@Inject(ChannelsService) private readonly channels: ChannelsService) {}

  @Route(CONTROL_ROUTES.listChannels)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: LiveChannelQuery }) query: LiveChannelQuery,
  ): Promise<Page<LiveChannel>> {
    return this.channels.list(tenantId, app, query);
  }

  @Route(CONTROL_ROUTES.listGroups)
  groups(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: LiveGroupQuery }) query: LiveGroupQuery,
  ): Promise<LiveGroupList> {
    return this.channels.groups(tenantId, app, query);
  }

  @Route(CONTROL_ROUTES.listClients)
  clients(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: LiveClientQuery }) query: LiveClientQuery,
  ): Promise<Page<LiveClient>> {
    return this.channels.clients(tenantId, app, query);
  }
}
