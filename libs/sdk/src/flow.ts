import { batches } from './batches.js';
import type { Answer } from './chain.js';
import type { Clock } from './clock.js';
import { FIRST_BYTES_MS, QUIET_MS } from './path-choice.js';
import type { Session } from './session.js';

/** One stream, opened at once: what it brings, from the first line on. */
export class Flow {
  readonly abort = new AbortController();
  /** Settles with the first line: the path lets a stream through, or why not. */
  readonly begun: Promise<unknown>;
  readonly #clock: Clock;
  readonly #list: readonly unknown[];
  readonly #first: Promise<IteratorResult<Answer | null, void>>;
  readonly #rest: AsyncGenerator<Answer | null, void, undefined>;
  #beganAt: number | null = null;

  /** @param list what is read: a stream whose channels are no longer those that are wanted is of no use. */
  constructor(session: Session, clock: Clock, path: string, list: readonly unknown[]) {
    this.#clock = clock;
    this.#list = list;
    const { signal } = this.abort;
    const order = { path, firstMs: FIRST_BYTES_MS, quietMs: QUIET_MS, signal };
    this.#rest = batches(session.lines(order));
    this.#first = this.#rest.next();
    this.begun = this.#first.then(() => (this.#beganAt = clock.now()));
    // Whoever reads on is told; until then nobody has to listen.
    this.begun.catch(() => undefined);
  }

  /** Milliseconds since the first line; null: none came. */
  get livedMs(): number | null {
    return this.#beganAt === null ? null : this.#clock.now() - this.#beganAt;
  }

  isFor(list: readonly unknown[]): boolean {
    const { abort } = this;
    const isSame =
      list.length === this.#list.length && list.every((one, i) => one === this.#list[i]);
    return isSame && !abort.signal.aborted;
  }

  async *answers(): AsyncGenerator<Answer | null, void, undefined> {
    const first = await this.#first;
    if (!first.done) yield first.value;
    yield* this.#rest;
  }

  end(): void {
    this.abort.abort();
  }
}
