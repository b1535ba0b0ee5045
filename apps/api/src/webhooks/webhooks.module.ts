import { Module, type DynamicModule } from '@nestjs/common';
import type { AttemptQueue } from '#webhooks';
import { DeliveriesService } from './deliveries.service.js';
import { EndpointsService } from './endpoints.service.js';
import { ATTEMPT_QUEUE, WebhookRunner } from './webhook-runner.js';
import { WebhooksController } from './webhooks.controller.js';

@Module({})
export class WebhooksModule {
  static with(queue: AttemptQueue | null): DynamicModule {
    return {
      module: WebhooksModule,
      controllers: [WebhooksController],
      providers: [
        { provide: ATTEMPT_QUEUE, useValue: queue },
        EndpointsService,
        DeliveriesService,
        WebhookRunner,
      ],
    };
  }
}
