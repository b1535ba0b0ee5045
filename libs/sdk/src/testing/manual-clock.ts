import type { Clock } from '../clock.js';

/** A clock that only moves when told to. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #next = 1;
  readonly #timers = new Map<number, { at: number; then: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + ms, then });
    return () => this.#timers.delete(id);
  }

  /** Timers that have not run, soonest first, in milliseconds from now. */
  get pending(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Moves on, runs what falls due in its order, and lets everything settle that follows from it. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, timer]) => timer.at <= end)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!due) break;
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.at);
      timer.then();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** As a machine that slept: time has passed, no timer has run. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}

/** Until nothing is left to do but to wait for a timer or an answer. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
