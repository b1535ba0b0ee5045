import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { hourOf, StoredAnswer, UsageAnswer, type UsageSlice } from '#contracts';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { LOG } from '../data/log.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { UsageStore } from './usage-store.js';

/** The source of the samples of what is stored; its mark is the hour of the last. */
const STORED = 'stored';
/** Milliseconds between two rounds: how far usage lags behind what happens. */
const EVERY_MS = 1000;
/** Milliseconds after a round that failed: first, and most. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 30_000;

/**
 * Fetches from delivery what it counted, and stores it. Everything that has to be remembered is in the
 * database or in delivery's own journals: wherever this stops, it goes on without missing or repeating.
 */
@Injectable()
export class UsageCollector {
  private readonly stop = new AbortController();
  private running: Promise<void> | null = null;

  constructor(
    @Inject(UsageStore) private readonly store: UsageStore,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
    @Inject(JobBook) private readonly jobs: JobBook,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  /**
   * Asks once and stores what comes. True: there is more to fetch at once.
   * @throws Problem unavailable; DatabaseUnavailable. What was stored by then is stored.
   */
  async round(): Promise<boolean> {
    const marks = await this.store.marks();
    const sources = Object.entries(marks).filter(([source]) => /^(log|journal):/.test(source));
    const asked = { marks: Object.fromEntries(sources) };
    const { slices } = await this.delivery.post('/internal/usage', asked, UsageAnswer);
    let isOurs = true;
    for (const slice of slices) {
      if (slice.truncated) this.tell(slice);
      if (!(await this.store.apply(slice))) isOurs = false;
    }
    if (isOurs) await this.store.complete(slices);
    await this.sampleStored(marks[STORED] ?? 0);
    return slices.some(({ completeTo }) => completeTo === null);
  }

  /** Once in each hour: what is kept then counts for all of it. An hour without a sample is free. */
  private async sampleStored(sampled: number): Promise<void> {
    const hour = hourOf(this.clock.now());
    if (hour <= sampled) return;
    const { rows } = await this.delivery.get('/internal/stored', {}, StoredAnswer);
    const keys = rows.map(({ app, key, bytes }) => ({
      app,
      key,
      meter: 'stored_gb_hours' as const,
      hour,
      units: bytes,
    }));
    await this.store.apply({
      source: STORED,
      from: sampled,
      through: hour,
      completeTo: hour,
      truncated: false,
      rows: { keys, channels: [], tenants: [] },
    });
  }

  private async run(): Promise<void> {
    let wait = RETRY_MS;
    while (!this.stop.signal.aborted) {
      let pause = EVERY_MS;
      try {
        if (await this.jobs.watch('usage', () => this.round())) pause = 0;
        wait = RETRY_MS;
      } catch (error) {
        pause = wait;
        wait = Math.min(RETRY_MAX_MS, wait * 2);
        this.log.warn(
          { err: error },
          `usage could not be collected; trying again in ${pause} ms. Nothing is lost: delivery keeps it.`,
        );
      }
      await delay(pause, undefined, { signal: this.stop.signal }).catch(() => undefined);
    }
  }

  private tell({ source, from }: UsageSlice): void {
    this.log.error(
      `Usage of ${source} after ${from} is gone: it was not collected for longer than the log keeps its journal. It is not billed.`,
    );
  }
}
