import { Inject, Injectable } from '@nestjs/common';
import {
  Problem,
  REPLAY_MAX,
  type Page,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookDeliveryQuery,
  type WebhookReplayAnswer,
  type WebhookReplayBody,
} from '#contracts';
import { Database, type Tx } from '#database';
import { eventBody, newEventId, TEST_EVENT } from '#webhooks';
import { AuditTrail } from '../audit/audit-trail.js';
import type { TenantActor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { newId } from '../data/ids.js';
import { pageById } from '../data/paging.js';
import { missing } from '../http/validation.js';
import { requireEndpoint } from './endpoints.service.js';
import { shownDelivery, withoutBodies } from './shown-webhook.js';

const WITH_EVENT = { event: { select: { type: true, at: true } } } as const;
/** Milliseconds: a replay touches thousands of rows. */
const REPLAY_TX = { timeoutMs: 10_000 };

@Injectable()
export class DeliveriesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  list(
    tenantId: string,
    endpointId: string,
    { status, ...query }: WebhookDeliveryQuery,
  ): Promise<Page<WebhookDelivery>> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireEndpoint(tx, endpointId);
      const page = await pageById(query, {
        exists: (id) => tx.webhookDelivery.findFirst({ where: { id, endpointId } }),
        rows: (args) =>
          tx.webhookDelivery.findMany({
            where: { endpointId, ...(status === undefined ? {} : { status }) },
            include: WITH_EVENT,
            orderBy: { seq: 'desc' },
            ...args,
          }),
      });
      return { ...page, data: page.data.map(shownDelivery) };
    });
  }

  get(actor: TenantActor, endpointId: string, id: string): Promise<WebhookDeliveryDetail> {
    return this.database.withTenant(actor.tenantId, async (tx) => {
      await requireEndpoint(tx, endpointId);
      const row = await tx.webhookDelivery.findFirst({
        where: { id, endpointId },
        include: {
          ...WITH_EVENT,
          // The newest: each replay adds as many as a first round.
          log: { orderBy: [{ round: 'desc' }, { number: 'desc' }], take: 50 },
        },
      });
      if (!row) throw missing('delivery');
      type Log = WebhookDeliveryDetail['log'][number];
      const log = row.log.map((attempt) => ({
        replay: attempt.round,
        number: attempt.number,
        at: attempt.at.toISOString(),
        durationMs: attempt.durationMs,
        request: attempt.request as Log['request'],
        status: attempt.status,
        error: attempt.error,
        response: attempt.response as Log['response'],
      }));
      // An event carries the message that it tells of.
      const shown = actor.kind === 'operator' ? log.map(withoutBodies) : log;
      return { ...shownDelivery(row), log: shown };
    });
  }

  test(actor: TenantActor, endpointId: string): Promise<WebhookDelivery> {
    const { tenantId } = actor;
    const at = new Date(this.clock.now());
    return this.database.withTenant(tenantId, async (tx) => {
      const endpoint = await requireEndpoint(tx, endpointId);
      if (!endpoint.enabled)
        throw new Problem(
          'conflict',
          'This endpoint is switched off. Switch it on (PATCH `enabled: true`), then test it.',
        );
      const { appId } = endpoint;
      const data = JSON.stringify({ endpointId, by: actor.id });
      const event = await tx.webhookEvent.create({
        data: {
          id: newEventId(),
          tenantId,
          appId,
          type: TEST_EVENT,
          at,
          body: eventBody({ type: TEST_EVENT, at, appId, data }),
          // For this endpoint alone: nobody else is to have it.
          fannedOutAt: at,
        },
      });
      const delivery = await tx.webhookDelivery.create({
        data: { id: newId('whd'), tenantId, endpointId, eventId: event.id, nextAttemptAt: at },
        include: WITH_EVENT,
      });
      await this.audit.record(tx, actor, {
        action: 'webhook.tested',
        target: endpointId,
        after: { deliveryId: delivery.id },
      });
      return shownDelivery(delivery);
    });
  }

  replay(
    actor: TenantActor,
    endpointId: string,
    what: WebhookReplayBody,
  ): Promise<WebhookReplayAnswer> {
    return this.database.withTenant(
      actor.tenantId,
      async (tx) => {
        await requireEndpoint(tx, endpointId);
        const ids =
          'deliveryIds' in what
            ? await this.byId(tx, endpointId, what.deliveryIds)
            : await this.byTime(tx, endpointId, what);
        const unsent =
          'from' in what && what.status === undefined ? await this.unsent(tx, endpointId, what) : 0;
        if (ids.length + unsent > REPLAY_MAX) {
          throw new Problem(
            'invalid_request',
            `More than ${REPLAY_MAX} deliveries are of that time. Replay it in parts, by \`from\` and \`to\`.`,
          );
        }
        const { count } = await tx.webhookDelivery.updateMany({
          where: { id: { in: ids }, status: { not: 'pending' } },
          data: {
            status: 'pending',
            round: { increment: 1 },
            attempts: 0,
            nextAttemptAt: new Date(this.clock.now()),
            handedAt: null,
            claimedUntil: null,
            finishedAt: null,
          },
        });
        const replayed = count + unsent;
        await this.audit.record(tx, actor, {
          action: 'webhook.replayed',
          target: endpointId,
          after: { ...what, replayed },
        });
        return { replayed };
      },
      REPLAY_TX,
    );
  }

  /** @throws Problem not_found when one of them is not this endpoint's */
  private async byId(tx: Tx, endpointId: string, ids: readonly string[]): Promise<string[]> {
    const rows = await tx.webhookDelivery.findMany({
      where: { endpointId, id: { in: [...ids] } },
      select: { id: true },
    });
    if (rows.length < new Set(ids).size) throw missing('delivery');
    return rows.map(({ id }) => id);
  }

  private async byTime(
    tx: Tx,
    endpointId: string,
    { from, to, status }: Extract<WebhookReplayBody, { from: string }>,
  ): Promise<string[]> {
    const rows = await tx.webhookDelivery.findMany({
      where: {
        endpointId,
        status: status ?? { not: 'pending' },
        event: { at: { gte: new Date(from), lt: new Date(to) }, type: { not: TEST_EVENT } },
      },
      select: { id: true },
      take: REPLAY_MAX + 1,
    });
    return rows.map(({ id }) => id);
  }

  /** What happened while the endpoint was switched off: a delivery is made of it now. */
  private unsent(
    tx: Tx,
    endpointId: string,
    { from, to }: Extract<WebhookReplayBody, { from: string }>,
  ): Promise<number> {
    const now = new Date(this.clock.now());
    return tx.$executeRaw`
      INSERT INTO webhook_delivery (id, tenant_id, endpoint_id, event_id, order_key, round, next_attempt_at)
      SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), e.tenant_id, w.id, e.id,
        CASE WHEN w.ordered THEN e.order_key END, 1, ${now}::timestamptz
      FROM webhook_event e JOIN webhook_endpoint w ON w.tenant_id = e.tenant_id
      WHERE w.id = ${endpointId} AND e.at >= ${new Date(from)} AND e.at < ${new Date(to)}
        AND e.fanned_out_at IS NOT NULL AND webhook_wants(w, e)
      ORDER BY e.seq LIMIT ${REPLAY_MAX + 1}
      ON CONFLICT (endpoint_id, event_id) DO NOTHING`;
  }
}
