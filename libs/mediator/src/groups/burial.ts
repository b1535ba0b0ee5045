import type { Deadlines } from '../deadlines.js';
import type { Clock } from '../types.js';
import type { DeadLetters, DeathReason } from './dead-letters.js';
import type { GroupEvent, InFlight } from './group-state.js';
import type { Supply } from './supply.js';

const AT_ONCE = 100;
/** Milliseconds before a log that may lag is asked again, and how often. */
const RETRY_MS = 200;
const MAX_MISSES = 8;

export interface BurialOptions {
  readonly dead: DeadLetters;
  readonly supply: Supply;
  readonly generation: string;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly record: (event: GroupEvent) => Promise<void>;
  readonly failed: (fault: unknown) => void;
}

/**
 * Brings messages to the dead letters: first the copy is durable, then the group lets go. A crash in
 * between repeats the copy, which its id makes harmless.
 */
export class Burial {
  private dying: { readonly entry: InFlight; readonly reason: DeathReason }[] = [];
  private running: Promise<void> | null = null;
  private misses = 0;

  constructor(private readonly o: BurialOptions) {}

  /** Resolves when the group has let go of the message; rejects after `failed` was called. */
  add(entry: InFlight, reason: DeathReason): Promise<void> {
    this.o.deadlines.disarm(entry);
    entry.phase = 'dying';
    this.dying.push({ entry, reason });
    if (!this.running) {
      this.running = this.run();
      this.running.catch((fault: unknown) => this.o.failed(fault));
    }
    return this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.dying.length > 0) await this.bury();
    } finally {
      this.running = null;
    }
  }

  private async bury(): Promise<void> {
    const { supply, dead, generation, clock, deadlines, record } = this.o;
    const batch = this.dying.splice(0, AT_ONCE);
    batch.sort((a, b) => a.entry.position - b.entry.position);
    const { found, sureTo } = await supply.bodies(batch.map(({ entry }) => entry.position));
    const copies = batch.flatMap(({ entry, reason }) => {
      const stored = found.get(entry.position);
      return stored ? [{ stored, entry, reason }] : [];
    });
    const missing = batch.filter(({ entry }) => !found.has(entry.position));
    const unsure = missing.filter(({ entry }) => entry.position > sureTo);
    const isPatient = unsure.length > 0 && ++this.misses <= MAX_MISSES;
    if (!isPatient) this.misses = 0;
    if (copies.length > 0) {
      await dead.add(generation, copies, clock.now());
      await record(['dead', copies.map(({ entry }) => entry.position)]);
    }
    const gone = isPatient ? missing.filter((one) => !unsure.includes(one)) : missing;
    supply.missed(gone.map(({ entry }) => entry.position));
    if (!isPatient) return;
    this.dying.push(...unsure);
    await deadlines.sleep(RETRY_MS);
  }
}
