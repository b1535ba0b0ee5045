import { Inject, Injectable } from '@nestjs/common';
import {
  LiveChannelList,
  LiveClientList,
  LiveGroupList,
  type LiveChannel,
  type LiveChannelQuery,
  type LiveClient,
  type LiveClientQuery,
  type LiveGroupQuery,
  type Page,
} from '#contracts';
import { Database } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { DeliveryClient } from '../delivery/delivery-client.js';

/** What is live in an app is known to delivery alone; whose app it is, to the database. */
@Injectable()
export class ChannelsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  async list(tenantId: string, app: string, query: LiveChannelQuery): Promise<Page<LiveChannel>> {
    await this.requireOwn(tenantId, app);
    return this.delivery.get('/internal/channels', { app, ...query }, LiveChannelList);
  }

  async groups(tenantId: string, app: string, query: LiveGroupQuery): Promise<LiveGroupList> {
    await this.requireOwn(tenantId, app);
    return this.delivery.get('/internal/groups', { app, ...query }, LiveGroupList);
  }

  async clients(tenantId: string, app: string, query: LiveClientQuery): Promise<Page<LiveClient>> {
    await this.requireOwn(tenantId, app);
    return this.delivery.get('/internal/clients', { app, ...query }, LiveClientList);
  }

  /** @throws Problem not_found */
  private requireOwn(tenantId: string, app: string): Promise<void> {
    return this.database.withTenant(tenantId, (tx) => requireApp(tx, app));
  }
}
