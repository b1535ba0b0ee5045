import type { Redeliveries, UsageBatch, UsageBook, UsageJournal } from '#metering';
import type { Clock } from '#mediator';
import type { Logger } from '#platform';

/** Milliseconds between two batches: with the time a flush takes, what a crash can lose at most. */
const EVERY_MS = 500;
/** Batches that wait for a disk that refuses them; beyond that the oldest are lost, and never billed. */
const WAITING = (3600 * 1000) / EVERY_MS;

export interface UsageKeeperOptions {
  readonly book: UsageBook;
  readonly redeliveries: Redeliveries;
  readonly journal: UsageJournal;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Brings what was counted to the disk, twice a second: with a slow flush a crash still loses less than two. */
export class UsageKeeper {
  /** Everything counted before this moment (ms since 1970) is on the disk. */
  keptTo: number;
  private waiting: UsageBatch[] = [];
  private running: Promise<void> = Promise.resolve();
  private isFailing = false;
  private readonly stopTicking: () => void;

  constructor(private readonly o: UsageKeeperOptions) {
    this.keptTo = o.clock.now();
    this.stopTicking = o.clock.every(EVERY_MS, () => void this.keep());
  }

  /** Takes what was counted by now; resolves when it is on the disk, or could not be written. */
  keep(): Promise<void> {
    const now = this.o.clock.now();
    const rows = this.o.book.take(now, this.o.clock.monotonic());
    if (rows) this.waiting.push({ rows, seen: this.o.redeliveries.takeNews() });
    this.running = this.running.then(() => this.write(now));
    return this.running;
  }

  /** The last batch, when nobody is answered any more. */
  async close(): Promise<void> {
    this.stopTicking();
    await this.keep();
    await this.o.journal.close();
  }

  private async write(now: number): Promise<void> {
    try {
      for (let batch = this.waiting[0]; batch; batch = this.waiting[0]) {
        await this.o.journal.append(batch);
        this.waiting.shift();
      }
      this.keptTo = Math.max(this.keptTo, now);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.o.log.error(
          { err: error },
          'what was delivered and held cannot be written to the usage journal: free disk space; it is kept in memory for an hour',
        );
      this.isFailing = true;
      if (this.waiting.length > WAITING) this.waiting.shift();
    }
  }
}
