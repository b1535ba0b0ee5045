import type { AttemptJob, AttemptQueue } from '../attempt-queue.js';

/** A queue whose time is the test's: attempts are made when it says so. */
export class ManualQueue implements AttemptQueue {
  jobs: AttemptJob[] = [];
  private make: (job: AttemptJob) => Promise<void> = () => Promise.resolve();

  constructor(private readonly now: () => number) {}

  hand(jobs: readonly AttemptJob[]): Promise<void> {
    this.jobs.push(...jobs);
    return Promise.resolve();
  }

  start(make: (job: AttemptJob) => Promise<void>): Promise<void> {
    this.make = make;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Makes what is due. One that rejects stays, as with every queue. */
  async pump(): Promise<void> {
    const due = this.jobs.filter(({ at }) => at.getTime() <= this.now());
    for (const job of due) {
      await this.make(job);
      this.jobs = this.jobs.filter((other) => other !== job);
    }
  }
}
