import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { LiveLimitEvents } from '#contracts';
import { Database } from '#database';
import { emitEvent } from '#webhooks';
import { JobBook } from '../data/job-book.js';
import { DeliveryClient } from '../delivery/delivery-client.js';

const EVERY_MS = 5_000;
const KNOWN_KEPT = 20_000;

/**
 * Brings what happened to limits from delivery to the tenants' endpoints. Delivery keeps it for a while
 * and answers with all of it, so nothing is missed while this is away; an event's key makes it one
 * event however often it is read.
 */
@Injectable()
export class LimitEventFeed implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly known = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(JobBook) private readonly jobs: JobBook,
  ) {}

  onApplicationBootstrap(): void {
    this.later();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** @throws Problem unavailable while delivery, or an error while the database is away */
  async poll(): Promise<void> {
    const { events } = await this.delivery.get('/internal/limit-events', {}, LiveLimitEvents);
    for (const { type, tenantId, appId, key, times: _times, ...data } of events) {
      const id = `${tenantId}:${key}`;
      if (this.known.has(id)) continue;
      await this.database.asSystem(async (tx) => {
        // A tenant may be gone by now, and with it everybody who would be told.
        if (!(await tx.tenant.findUnique({ where: { id: tenantId }, select: { id: true } })))
          return;
        await emitEvent(tx, { tenantId, appId, type, key, data });
      });
      if (this.known.size >= KNOWN_KEPT) this.known.clear();
      this.known.add(id);
    }
  }

  private later(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      // Whoever is away says so itself: this is tried again.
      this.running = this.jobs
        .watch('news of limits', () => this.poll())
        .catch(() => undefined)
        .finally(() => this.later());
    }, EVERY_MS);
    this.timer.unref();
  }
}
