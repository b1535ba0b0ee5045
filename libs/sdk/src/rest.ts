import { backoff } from './backoff.js';
import { pause } from './clock.js';
import type { Clock } from './clock.js';
import type { HoldlineError } from './errors.js';

/** A hold that failed after so long was cut by something on the way; the server itself is well. */
export const CUT_HOLD_MS = 5_000;
/** An empty answer to a hold that comes sooner is not a hold: something on the way answers for it. */
export const SHORTEST_HOLD_MS = 1_000;

/** How long whoever keeps asking rests after a failure: longer each time, until something went well. */
export class Rest {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #delayMs = 0;
  #waiting: { readonly abort: AbortController; readonly lineWasDown: boolean } | null = null;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get isDue(): boolean {
    return this.#delayMs > 0;
  }

  /** Something went well: the next failure is a first one again. */
  over(): void {
    this.#failures = 0;
  }

  /**
   * @param error undefined: an answer that came too soon to be a hold.
   * @param afterMs how long the request lasted: a path that cuts long holds is no reason to wait longer
   *   each time, or a page behind it would come to rest more than it listens.
   * @returns milliseconds until the next try.
   */
  after(error: HoldlineError | undefined, afterMs = 0): number {
    if (afterMs > CUT_HOLD_MS) this.#failures = 0;
    this.#failures++;
    this.#delayMs = Math.max(1, backoff(this.#failures, error?.retryAfterMs, this.#random));
    const lineWasDown = error?.code === 'network' || error?.code === 'timeout';
    this.#waiting = { abort: new AbortController(), lineWasDown };
    return this.#delayMs;
  }

  async wait(): Promise<void> {
    const signal = this.#waiting?.abort.signal;
    if (signal) await pause(this.#clock, this.#delayMs, signal);
    this.#waiting = null;
    this.#delayMs = 0;
  }

  /** The page is back: there is no reason to wait for a line that was down. */
  wake(): void {
    if (this.#waiting?.lineWasDown) this.#waiting.abort.abort();
  }

  end(): void {
    this.#waiting?.abort.abort();
  }
}
