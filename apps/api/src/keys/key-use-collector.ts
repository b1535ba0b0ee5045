import { Inject, Injectable } from '@nestjs/common';
import { KeyUses } from '#contracts';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { LOG } from '../data/log.js';
import { PacedLoop } from '../data/paced-loop.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { KeyUseStore } from './key-use-store.js';

/** Milliseconds. */
const EVERY_MS = 5_000;
const SWEEP_MS = 3_600_000;

/** Brings who used which key from delivery into the database. What a crash of delivery loses is seconds. */
@Injectable()
export class KeyUseCollector {
  private readonly loop: PacedLoop;
  /** What was used before it is stored. 0: after a start all that delivery knows is asked for. */
  private since = 0;
  private sweptAt = 0;
  private isFailing = false;

  constructor(
    @Inject(KeyUseStore) private readonly store: KeyUseStore,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
    @Inject(JobBook) private readonly jobs: JobBook,
  ) {
    this.loop = new PacedLoop({
      idleMs: EVERY_MS,
      step: () => this.jobs.watch('use of keys', () => this.round()),
      fault: (error) => this.tell(error),
    });
  }

  start(): void {
    this.loop.start();
  }

  close(): Promise<void> {
    return this.loop.stop();
  }

  /** @throws Problem unavailable; DatabaseUnavailable. What was not stored is asked for again. */
  async round(): Promise<boolean> {
    const { asOf, rows } = await this.delivery.post(
      '/internal/key-use',
      { since: this.since },
      KeyUses,
    );
    await this.store.put(rows);
    this.since = asOf;
    this.isFailing = false;
    // Delivery counts by the world's time.
    const now = this.clock.now() - this.clock.movedMs;
    if (now - this.sweptAt >= SWEEP_MS) {
      await this.store.sweep(now);
      this.sweptAt = now;
    }
    return false;
  }

  private tell(error: unknown): void {
    if (!this.isFailing)
      this.log.warn(
        { err: error },
        'who uses which key could not be collected; it is tried again, and nothing else waits for it.',
      );
    this.isFailing = true;
  }
}
