import { Inject, Injectable } from '@nestjs/common';
import { ActivitySlice } from '#contracts';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { LOG } from '../data/log.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { PacedLoop } from '../data/paced-loop.js';
import { ActivityStore } from './activity-store.js';

/** Milliseconds between two rounds; what is newer is asked of delivery itself. */
const EVERY_MS = 5_000;
const SWEEP_MS = 300_000;

/** Brings what delivery counted in the last hour into the database, where it is kept for longer. */
@Injectable()
export class ActivityCollector {
  private readonly loop: PacedLoop;
  private sweptAt = 0;
  private isFailing = false;

  constructor(
    @Inject(ActivityStore) private readonly store: ActivityStore,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
    @Inject(JobBook) private readonly jobs: JobBook,
  ) {
    this.loop = new PacedLoop({
      idleMs: EVERY_MS,
      step: () => this.jobs.watch('activity', () => this.round()),
      fault: (error) => this.tell(error),
    });
  }

  start(): void {
    this.loop.start();
  }

  close(): Promise<void> {
    return this.loop.stop();
  }

  /**
   * Asks once and stores what comes. True: there is more to fetch at once.
   * @throws Problem unavailable; DatabaseUnavailable. What was stored by then is stored.
   */
  async round(): Promise<boolean> {
    const mark = (await this.store.newestMark()) ?? { node: '', through: 0 };
    const asked = { node: mark.node, from: mark.through };
    const slice = await this.delivery.post('/internal/activity', asked, ActivitySlice);
    await this.store.apply(slice, slice.node === mark.node ? mark.through : 0);
    this.isFailing = false;
    // Delivery counts by the world's time.
    const now = this.clock.now() - this.clock.movedMs;
    if (now - this.sweptAt >= SWEEP_MS) {
      await this.store.sweep(now);
      this.sweptAt = now;
    }
    return slice.more;
  }

  private tell(error: unknown): void {
    if (!this.isFailing) {
      this.log.warn(
        { err: error },
        'activity could not be collected; it is tried again. Delivery keeps the last hour, and no bill needs it.',
      );
    }
    this.isFailing = true;
  }
}
