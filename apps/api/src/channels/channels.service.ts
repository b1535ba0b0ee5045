import { Inject, Injectable } from '@nestjs/common';
import { LiveChannelList, type LiveChannel, type LiveChannelQuery, type Page } from '#contracts';
import { Database } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { DeliveryClient } from '../delivery/delivery-client.js';

/** The live channels are known to delivery alone; whose app it is, to the database. */
@Injectable()
export class ChannelsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  async list(tenantId: string, app: string, query: LiveChannelQuery): Promise<Page<LiveChannel>> {
    await this.database.withTenant(tenantId, (tx) => requireApp(tx, app));
    return this.delivery.get('/internal/channels', { app, ...query }, LiveChannelList);
  }
}
