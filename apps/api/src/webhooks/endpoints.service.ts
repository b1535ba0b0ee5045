import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import {
  Problem,
  type ListQuery,
  type Page,
  type Webhook,
  type WebhookBody,
  type WebhookPatch,
  type WebhookWithSecret,
} from '#contracts';
import { Database, type Tx, type WebhookEndpoint } from '#database';
import { endpointUrlFault, newSigningSecret } from '#webhooks';
import { requireApp } from '../apps/apps.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import type { TenantActor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { newId } from '../data/ids.js';
import { pageById } from '../data/paging.js';
import { requireRoom } from '../data/room.js';
import { missing } from '../http/validation.js';
import { Settings } from '../settings.js';
import { endpointSecretContext } from './endpoint-secrets.js';
import { shownWebhook, toldWebhook } from './shown-webhook.js';

/**
 * The endpoint that a request is about.
 * @throws Problem not_found
 */
export async function requireEndpoint(tx: Tx, id: string): Promise<WebhookEndpoint> {
  const endpoint = await tx.webhookEndpoint.findFirst({ where: { id, deletedAt: null } });
  if (!endpoint) throw missing('webhook');
  return endpoint;
}

@Injectable()
export class EndpointsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  list(tenantId: string, query: ListQuery): Promise<Page<Webhook>> {
    return this.database.withTenant(tenantId, async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.webhookEndpoint.findFirst({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.webhookEndpoint.findMany({
            where: { deletedAt: null },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            ...args,
          }),
      });
      return { ...page, data: page.data.map(shownWebhook) };
    });
  }

  get(tenantId: string, id: string): Promise<Webhook> {
    return this.database.withTenant(tenantId, async (tx) =>
      shownWebhook(await requireEndpoint(tx, id)),
    );
  }

  create(actor: TenantActor, body: WebhookBody): Promise<WebhookWithSecret> {
    const { tenantId } = actor;
    this.checkUrl(body.url);
    const id = newId('whk');
    const secret = newSigningSecret();
    return this.database.withTenant(tenantId, async (tx) => {
      if (body.appId !== undefined) await requireApp(tx, body.appId);
      await requireRoom(tx, tenantId, 'webhooks', () =>
        tx.webhookEndpoint.count({ where: { deletedAt: null } }),
      );
      const { url, events, channels, ordered, enabled, description = '' } = body;
      const made = await tx.webhookEndpoint.create({
        data: {
          id,
          tenantId,
          appId: body.appId ?? null,
          url,
          events,
          channels,
          ordered,
          enabled,
          description,
          secret: this.secrets.seal(secret, endpointSecretContext({ tenantId, id })),
          createdBy: actor.id,
        },
      });
      await this.audit.record(tx, actor, {
        action: 'webhook.created',
        target: id,
        after: toldWebhook(made),
      });
      return { ...shownWebhook(made), secret };
    });
  }

  update(actor: TenantActor, id: string, patch: WebhookPatch): Promise<Webhook> {
    if (patch.url !== undefined) this.checkUrl(patch.url);
    return this.database.withTenant(actor.tenantId, async (tx) => {
      const before = await requireEndpoint(tx, id);
      const given = Object.fromEntries(
        Object.entries(patch).filter(([, value]) => value !== undefined),
      );
      // On again: it starts anew, or the next failure would switch it off at once.
      const anew =
        patch.enabled === undefined
          ? {}
          : { disabledReason: null, consecutiveFailures: 0, failingSince: null };
      const changed = await tx.webhookEndpoint.update({
        where: { id },
        data: { ...given, ...anew },
      });
      await this.audit.record(tx, actor, {
        action: 'webhook.updated',
        target: id,
        before: toldWebhook(before),
        after: toldWebhook(changed),
      });
      return shownWebhook(changed);
    });
  }

  remove(actor: TenantActor, id: string): Promise<void> {
    return this.database.withTenant(actor.tenantId, async (tx) => {
      const before = await requireEndpoint(tx, id);
      const now = new Date(this.clock.now());
      await tx.webhookEndpoint.update({ where: { id }, data: { deletedAt: now, enabled: false } });
      await tx.webhookDelivery.updateMany({
        where: { endpointId: id, status: 'pending' },
        data: { status: 'dead', finishedAt: now, lastError: 'the endpoint was deleted' },
      });
      await this.audit.record(tx, actor, {
        action: 'webhook.deleted',
        target: id,
        before: toldWebhook(before),
      });
    });
  }

  rotate(actor: TenantActor, id: string, overlapSeconds: number): Promise<WebhookWithSecret> {
    const { tenantId } = actor;
    const secret = newSigningSecret();
    return this.database.withTenant(tenantId, async (tx) => {
      const before = await requireEndpoint(tx, id);
      const until = new Date(this.clock.now() + overlapSeconds * 1000);
      const overlap = overlapSeconds > 0;
      const changed = await tx.webhookEndpoint.update({
        where: { id },
        data: {
          secret: this.secrets.seal(secret, endpointSecretContext({ tenantId, id })),
          previousSecret: overlap ? before.secret : null,
          previousSecretUntil: overlap ? until : null,
        },
      });
      await this.audit.record(tx, actor, {
        action: 'webhook.rotated',
        target: id,
        after: { previousWorksUntil: overlap ? until.toISOString() : null },
      });
      return { ...shownWebhook(changed), secret };
    });
  }

  private checkUrl(url: string): void {
    const fault = endpointUrlFault(url, { allowPrivate: this.settings.webhookAllowPrivate });
    if (fault === null) return;
    throw new Problem(
      'invalid_request',
      `\`/url\` ${fault}. Give an https URL on the public internet, on port 443.`,
      { errors: [{ pointer: '/url', message: fault }] },
    );
  }
}
