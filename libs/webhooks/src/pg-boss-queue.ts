import { setTimeout as delay } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { AttemptJob, AttemptQueue } from './attempt-queue.js';

/** The schema and the queue in it; the schema's owner is the role that the URL leads to. */
const SCHEMA = 'holdline_queue';
const QUEUE = 'webhook-attempts';

/** Milliseconds between two looks when there was nothing to do. */
const IDLE_MS = 250;
const FAULT_MS = 2_000;
const STOP_MS = 3_000;
/** Attempts under way at once, over all endpoints and for one of them: one that hangs leaves room for the others. */
const AT_ONCE = 64;
const AT_ONCE_PER_ENDPOINT = 8;
const FETCHED = 16;

interface JobData {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly round: number;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PgBossQueueOptions {
  /** postgres://…, as the role that owns the queue's schema. */
  readonly url: string;
  /** By which clock the attempts' times are. The queue goes by the database's, so it is told how long to wait. */
  readonly now: () => number;
  readonly fault: (error: unknown, what: string) => void;
}

/** Attempts in PostgreSQL, by the queue library pg-boss. */
export class PgBossQueue implements AttemptQueue {
  private readonly boss: PgBoss;
  private started = false;
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private readonly under = new Set<Promise<void>>();
  private readonly byEndpoint = new Map<string, number>();
  private wake: () => void = () => {};

  constructor(private readonly options: PgBossQueueOptions) {
    this.boss = new PgBoss({
      connectionString: options.url,
      schema: SCHEMA,
      createSchema: false,
      application_name: 'holdline webhooks',
      max: 4,
      connectionTimeoutMillis: 2_000,
      // No timetable of ours stands in it.
      schedule: false,
      superviseIntervalSeconds: 15,
      monitorIntervalSeconds: 15,
    });
    this.boss.on('error', (error) => options.fault(error, 'the queue of webhooks'));
  }

  async hand(jobs: readonly AttemptJob[]): Promise<void> {
    const now = this.options.now();
    const startAfter = ({ at }: AttemptJob) =>
      new Date(Date.now() + Math.max(0, at.getTime() - now));
    await this.boss.insert(
      QUEUE,
      jobs.map((job) => ({
        data: { ...job, at: job.at.getTime() } satisfies JobData,
        startAfter: startAfter(job),
        group: { id: job.endpointId },
      })),
    );
    this.wake();
  }

  async start(make: (job: AttemptJob) => Promise<void>): Promise<void> {
    if (!this.started) {
      await this.boss.start();
      this.started = true;
    }
    await this.boss.createQueue(QUEUE, {
      // A process that died: its attempts come again after this.
      expireInSeconds: 60,
      retryLimit: 100,
      retryDelay: 5,
      retentionSeconds: 14 * 24 * 3_600,
      deleteAfterSeconds: 600,
    });
    this.running = true;
    this.loop = this.run(make);
  }

  async stop(): Promise<void> {
    this.running = false;
    this.wake();
    await this.loop;
    // One that hangs is made again by whoever comes next.
    await Promise.race([Promise.all(this.under), delay(STOP_MS, undefined, { ref: false })]);
    if (this.started) await this.boss.stop({ graceful: false, close: true });
    this.started = false;
  }

  private async run(make: (job: AttemptJob) => Promise<void>): Promise<void> {
    while (this.running) {
      let fetched = 0;
      try {
        fetched = await this.fetch(make);
      } catch (error) {
        this.options.fault(error, 'the queue of webhooks');
        await this.pause(FAULT_MS);
      }
      if (fetched === 0 || this.under.size >= AT_ONCE) await this.pause(IDLE_MS);
    }
  }

  private async fetch(make: (job: AttemptJob) => Promise<void>): Promise<number> {
    const room = Math.min(FETCHED, AT_ONCE - this.under.size);
    if (room <= 0) return 0;
    const busy = [...this.byEndpoint]
      .filter(([, count]) => count >= AT_ONCE_PER_ENDPOINT)
      .map(([endpoint]) => endpoint);
    const jobs = await this.boss.fetch<JobData>(QUEUE, {
      batchSize: room,
      ignoreGroups: busy.length > 0 ? busy : null,
    });
    for (const { id, data } of jobs) {
      const done = this.one(id, { ...data, at: new Date(data.at) }, make).finally(() => {
        this.under.delete(done);
        this.wake();
      });
      this.under.add(done);
    }
    return jobs.length;
  }

  private async one(
    id: string,
    job: AttemptJob,
    make: (job: AttemptJob) => Promise<void>,
  ): Promise<void> {
    const { endpointId } = job;
    this.byEndpoint.set(endpointId, (this.byEndpoint.get(endpointId) ?? 0) + 1);
    try {
      await make(job).then(
        () => this.boss.complete(QUEUE, id),
        (error: unknown) => {
          this.options.fault(error, 'a webhook');
          return this.boss.fail(QUEUE, id);
        },
      );
    } catch (error) {
      // The job runs out by itself and comes again.
      this.options.fault(error, 'the queue of webhooks');
    } finally {
      const left = (this.byEndpoint.get(endpointId) ?? 1) - 1;
      if (left > 0) this.byEndpoint.set(endpointId, left);
      else this.byEndpoint.delete(endpointId);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.wake = done;
      if (!this.running) done();
    });
  }
}
