import { Inject, Injectable } from '@nestjs/common';
import { Problem, TraceAnswer, TraceOn, type MessageTrace } from '#contracts';
import { Database } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { DeliveryClient } from '../delivery/delivery-client.js';

/** What became of messages is noted by delivery alone, and only while somebody looks. */
@Injectable()
export class TracesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  /** @throws Problem not_found for an app that the tenant does not have */
  async start(tenantId: string, app: string, channel: string): Promise<TraceOn> {
    await this.database.withTenant(tenantId, (tx) => requireApp(tx, app));
    return this.delivery.post('/internal/trace', { app, channel }, TraceOn);
  }

  /** @throws Problem not_found for such an app, and for a message that is not kept */
  async message(
    tenantId: string,
    of: { readonly app: string; readonly channel: string; readonly position: number },
  ): Promise<MessageTrace> {
    await this.database.withTenant(tenantId, (tx) => requireApp(tx, of.app));
    const { message, ...answer } = await this.delivery.get('/internal/trace', of, TraceAnswer);
    if (message) return { ...answer, message };
    throw new Problem(
      'not_found',
      'The log keeps no message at this position of the channel: it was never stored there, or its retention is over.',
    );
  }
}
