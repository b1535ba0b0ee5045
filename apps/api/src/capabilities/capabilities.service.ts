import { Inject, Injectable } from '@nestjs/common';
import { CanAnswer, type CanBody } from '#contracts';
import { Database } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { missing } from '../http/validation.js';

/** What a credential may is decided by delivery alone; whose app and key it is, by the database. */
@Injectable()
export class CapabilitiesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  /** @throws Problem not_found for an app or a key that the tenant does not have */
  async can(tenantId: string, app: string, ask: CanBody): Promise<CanAnswer> {
    await this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, app);
      if (ask.keyId === undefined) return;
      const key = { id: ask.keyId, appId: app };
      if (!(await tx.apiKey.findFirst({ where: key, select: { id: true } }))) throw missing('key');
    });
    return this.delivery.post('/internal/can', { app, ask }, CanAnswer);
  }
}
