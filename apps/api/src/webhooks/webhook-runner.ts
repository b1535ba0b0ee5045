import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import { Database } from '#database';
import type { Logger } from '#platform';
import { Attempts, Sender, WebhookWorker, type AttemptQueue } from '#webhooks';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../data/clock.js';
import { LOG } from '../data/log.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { Settings } from '../settings.js';
import { endpointSecretContext } from './endpoint-secrets.js';
import { MessageFeed } from './message-feed.js';
import { OccupancyWatch } from './occupancy-watch.js';

/** Nest's token for the queue of attempts; null: this process sends no webhooks. */
export const ATTEMPT_QUEUE = Symbol('holdline:attempt-queue');

/** Sends what there is to send, from when the control plane is open until it drains. */
@Injectable()
export class WebhookRunner {
  private readonly parts: readonly { start(): void; stop(): Promise<void> }[];

  constructor(
    @Inject(ATTEMPT_QUEUE) queue: AttemptQueue | null,
    @Inject(Database) database: Database,
    @Inject(Secrets) secrets: Secrets,
    @Inject(Settings) settings: Settings,
    @Inject(AuditTrail) audit: AuditTrail,
    @Inject(Clock) clock: Clock,
    @Inject(DeliveryClient) delivery: DeliveryClient,
    @Inject(LOG) log: Logger,
  ) {
    if (!queue) {
      this.parts = [];
      return;
    }
    const sender = new Sender({ allowPrivate: settings.webhookAllowPrivate });
    const now = () => clock.now();
    const fault = (error: unknown, what: string) =>
      log.warn({ err: error }, `${what}; it goes on by itself`);
    const worker = new WebhookWorker({
      database,
      queue,
      now,
      fault,
      attempts: new Attempts({
        database,
        now,
        send: (request) => sender.send(request),
        openSecret: (sealed, endpoint) => secrets.open(sealed, endpointSecretContext(endpoint)),
        random: Math.random,
        onDisabled: (tx, { tenantId, id, reason, failingSince, failures }) =>
          audit.record(
            tx,
            { tenantId, id: 'system' },
            {
              action: 'webhook.disabled',
              target: id,
              before: { enabled: true },
              after: { enabled: false, reason, failures, failingSince: failingSince.toISOString() },
            },
          ),
      }),
    });
    this.parts = [
      worker,
      new MessageFeed({ database, delivery, fault }),
      new OccupancyWatch({ database, delivery, now, fault }),
    ];
  }

  start(): void {
    for (const part of this.parts) part.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.stop()));
  }
}
