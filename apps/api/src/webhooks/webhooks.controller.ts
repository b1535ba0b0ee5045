import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ListQuery,
  WebhookBody,
  WebhookDeliveryQuery,
  WebhookPatch,
  WebhookReplayBody,
  WebhookRotateBody,
  type Page,
  type Webhook,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookReplayAnswer,
  type WebhookWithSecret,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { DeliveriesService } from './deliveries.service.js';
import { EndpointsService } from './endpoints.service.js';

@Controller()
export class WebhooksController {
  constructor(
    @Inject(EndpointsService) private readonly endpoints: EndpointsService,
    @Inject(DeliveriesService) private readonly deliveries: DeliveriesService,
  ) {}

  @Route(CONTROL_ROUTES.listWebhooks)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<Webhook>> {
    return this.endpoints.list(tenantId, query);
  }

  @Route(CONTROL_ROUTES.createWebhook, 'develop')
  create(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: WebhookBody }) body: WebhookBody,
  ): Promise<WebhookWithSecret> {
    return this.endpoints.create(actor, body);
  }

  @Route(CONTROL_ROUTES.getWebhook)
  get(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('webhook', IdPipe) id: string,
  ): Promise<Webhook> {
    return this.endpoints.get(tenantId, id);
  }

  @Route(CONTROL_ROUTES.updateWebhook, 'develop')
  update(
    @CurrentTenant() actor: TenantActor,
    @Param('webhook', IdPipe) id: string,
    @Body({ schema: WebhookPatch }) patch: WebhookPatch,
  ): Promise<Webhook> {
    return this.endpoints.update(actor, id, patch);
  }

  @Route(CONTROL_ROUTES.deleteWebhook, 'develop')
  remove(@CurrentTenant() actor: TenantActor, @Param('webhook', IdPipe) id: string): Promise<void> {
    return this.endpoints.remove(actor, id);
  }

  @Route(CONTROL_ROUTES.rotateWebhook, 'develop')
  rotate(
    @CurrentTenant() actor: TenantActor,
    @Param('webhook', IdPipe) id: string,
    @Body({ schema: WebhookRotateBody }) { overlapSeconds }: WebhookRotateBody,
  ): Promise<WebhookWithSecret> {
    return this.endpoints.rotate(actor, id, overlapSeconds);
  }

  @Route(CONTROL_ROUTES.testWebhook, 'develop')
  test(
    @CurrentTenant() actor: TenantActor,
    @Param('webhook', IdPipe) id: string,
  ): Promise<WebhookDelivery> {
    return this.deliveries.test(actor, id);
  }

  @Route(CONTROL_ROUTES.listWebhookDeliveries)
  listDeliveries(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('webhook', IdPipe) id: string,
    @Query({ schema: WebhookDeliveryQuery }) query: WebhookDeliveryQuery,
  ): Promise<Page<WebhookDelivery>> {
    return this.deliveries.list(tenantId, id, query);
  }

  @Route(CONTROL_ROUTES.getWebhookDelivery)
  getDelivery(
    @CurrentTenant() actor: TenantActor,
    @Param('webhook', IdPipe) id: string,
    @Param('delivery', IdPipe) delivery: string,
  ): Promise<WebhookDeliveryDetail> {
    return this.deliveries.get(actor, id, delivery);
  }

  @Route(CONTROL_ROUTES.replayWebhook, 'develop')
  replay(
    @CurrentTenant() actor: TenantActor,
    @Param('webhook', IdPipe) id: string,
    @Body({ schema: WebhookReplayBody }) body: WebhookReplayBody,
  ): Promise<WebhookReplayAnswer> {
    return this.deliveries.replay(actor, id, body);
  }
}
