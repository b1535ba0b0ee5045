import type { StripeAdapter } from '#billing';
import { isUnavailable } from '#database';
import type { Logger } from '#platform';
import type { JobBook } from '../data/job-book.js';
import type { EventInbox } from './event-inbox.js';
import type { EventSweep } from './event-sweep.js';
import type { EventWorker } from './event-worker.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Job {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
}

/** As what its runs are noted. */
export function stripeJob(name: string): string {
  return `Stripe: ${name}`;
}

/** What Stripe needs done from time to time. A job never runs twice at once, and its failure is its own. */
export class StripeJobs {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly jobs: readonly Job[];
  private stopped = true;

  constructor(
    private readonly parts: {
      readonly adapter: StripeAdapter;
      readonly worker: EventWorker;
      readonly sweep: EventSweep;
      readonly inbox: EventInbox;
      readonly book: Pick<JobBook, 'watch'>;
      readonly log: Pick<Logger, 'warn' | 'error'>;
    },
  ) {
    const { adapter, worker, sweep, inbox } = parts;
    const untilEmpty = async () => {
      while (!this.stopped && (await worker.run()) > 0);
    };
    this.jobs = [
      { name: 'events', everyMs: 5 * SECOND, run: untilEmpty },
      { name: 'hours', everyMs: MINUTE, run: () => adapter.seal().then(() => adapter.send()) },
      { name: 'missed events', everyMs: 5 * MINUTE, run: () => sweep.run() },
      { name: 'reconciliation', everyMs: 60 * MINUTE, run: () => adapter.reconciliation.run() },
      { name: 'catalogue', everyMs: 60 * MINUTE, run: () => adapter.catalogue.sync() },
      { name: 'old events', everyMs: 24 * 60 * MINUTE, run: () => inbox.prune() },
    ];
  }

  /** Each job once now, and from then on in its time. */
  start(): void {
    this.stopped = false;
    for (const job of this.jobs) void this.turn(job);
  }

  /** Something new is in the inbox. */
  poke(): void {
    const [events] = this.jobs;
    if (!this.stopped && events) void this.turn(events);
  }

  /** The clock was moved: all that is due by it is done now, after what runs by the time before. */
  hurry(): void {
    for (const job of this.jobs) {
      void Promise.resolve(this.running.get(job.name)).then(() => {
        if (!this.stopped) return this.turn(job);
      });
    }
  }

  /** Waits for what runs. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running.values());
  }

  private async turn(job: Job): Promise<void> {
    clearTimeout(this.timers.get(job.name));
    if (this.running.has(job.name)) return;
    const run = this.attempt(job);
    this.running.set(job.name, run);
    await run;
    this.running.delete(job.name);
    if (this.stopped) return;
    const timer = setTimeout(() => void this.turn(job), job.everyMs);
    timer.unref();
    this.timers.set(job.name, timer);
  }

  private async attempt({ name, run }: Job): Promise<void> {
    try {
      await this.parts.book.watch(stripeJob(name), run);
    } catch (error) {
      if (isUnavailable(error)) return;
      this.parts.log.warn({ err: error, job: name }, 'work with Stripe failed; it is tried again');
    }
  }
}
