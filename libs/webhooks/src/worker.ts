import type { Database } from '#database';
import type { AttemptQueue } from './attempt-queue.js';
import type { Attempts } from './attempts.js';
import { fanOut } from './fan-out.js';
import { handOver, reclaimLost } from './handover.js';
import { forgetOld } from './retention.js';

/** Milliseconds between two looks when there was nothing. */
const IDLE_MS = 250;
/** After a fault: the database may be away. */
const FAULT_MS = 2_000;
const SWEEP_MS = 60_000;
const FORGET_MS = 3_600_000;

export interface WorkerParts {
  readonly database: Database;
  readonly queue: AttemptQueue;
  readonly attempts: Attempts;
  readonly now: () => number;
  readonly fault: (error: unknown, what: string) => void;
}

/**
 * Moves events on: to deliveries, to the queue, out. Every step can be repeated and any number of
 * processes may run it; where one dies another, or the same one later, goes on.
 */
export class WebhookWorker {
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};
  private sweptAt = Number.NEGATIVE_INFINITY;
  private forgotAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: WorkerParts) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.wake();
    await this.loop;
    await this.parts.queue.stop();
  }

  /** One look: everything that is there goes one step on. For the loop, and for tests. */
  async step(): Promise<number> {
    const { database, queue, now } = this.parts;
    const events = await fanOut(database, new Date(now()));
    const handed = await handOver(database, queue, new Date(now()));
    if (now() - this.sweptAt >= SWEEP_MS) {
      this.sweptAt = now();
      await reclaimLost(database, new Date(now()));
    }
    if (now() - this.forgotAt >= FORGET_MS) {
      this.forgotAt = now();
      await forgetOld(database, now());
    }
    return events + handed;
  }

  private async run(): Promise<void> {
    let started = false;
    while (this.running) {
      try {
        if (!started) {
          await this.parts.queue.start(async (job) => {
            await this.parts.attempts.make(job);
            // What waited behind it goes now.
            this.wake();
          });
          started = true;
        }
        if ((await this.step()) === 0) await this.pause(IDLE_MS);
      } catch (error) {
        this.parts.fault(error, 'webhooks wait');
        await this.pause(FAULT_MS);
      }
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
