import type { Clock } from './clock.js';
import type { HoldlineError } from './errors.js';
import { isOver } from './session.js';
import { CUT_HOLD_MS } from './rest.js';

/** Milliseconds within which a stream's first bytes have to come: the server sends them at once. */
export const FIRST_BYTES_MS = 4_000;
/** The server lets no stream be silent for longer than 15 s. */
export const QUIET_MS = 25_000;
/** A path that streams did not get through may be another one by then. */
const TRY_AGAIN_MS = 600_000;
/** Streams in a row that were cut as soon as they began. */
const QUICK_CUTS = 3;

/**
 * `hold`: held requests alone. `stream`: streams, and held requests where they do not get through.
 * `auto`: held requests until a stream, tried beside them, has shown that the path lets it through.
 */
export type TransportMode = 'hold' | 'stream' | 'auto';

/**
 * How messages come from now on, and why: `works` (bytes of a stream came at once), `buffered` (they did
 * not: something on the way gathers them), `silent` (heartbeats stayed out), `cut` (it was cut again and
 * again as it began), `refused` (what came was not Holdline's stream), `unfit` (more channels than a
 * stream's URL takes).
 */
export interface TransportChange {
  readonly transport: 'hold' | 'stream';
  readonly reason: 'works' | 'buffered' | 'silent' | 'cut' | 'refused' | 'unfit';
}

/** Held requests or streams: one choice for a client, as all it asks for goes the same path. */
export class PathChoice {
  readonly #clock: Clock;
  readonly #tell: (change: TransportChange) => void;
  #isStream: boolean;
  /** When a stream may be tried beside the held requests. */
  #tryAt: number;
  #quickCuts = 0;
  #told: TransportChange | null = null;

  constructor(wanted: TransportMode, clock: Clock, tell: (change: TransportChange) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#isStream = wanted === 'stream';
    this.#tryAt = wanted === 'hold' ? Number.POSITIVE_INFINITY : 0;
  }

  get isStream(): boolean {
    return this.#isStream;
  }

  /** Once, when it is time: whoever asks tries a stream beside its held request. */
  takeTry(): boolean {
    if (this.#isStream || this.#clock.now() < this.#tryAt) return false;
    this.#tryAt = this.#clock.now() + TRY_AGAIN_MS;
    return true;
  }

  works(): void {
    this.#isStream = true;
    this.#say({ transport: 'stream', reason: 'works' });
  }

  unfit(): void {
    this.#say({ transport: 'hold', reason: 'unfit' });
  }

  /**
   * A stream ended with an error. Refusals are the server's word, which comes by any path.
   * @param livedMs since its first bytes; null: there were none.
   * @returns whether held requests are to be used from now on, at once.
   */
  failed(error: HoldlineError, livedMs: number | null): boolean {
    const reason = this.#reason(error, livedMs);
    if (reason === null) return false;
    this.#isStream = false;
    this.#quickCuts = 0;
    this.#tryAt = this.#clock.now() + TRY_AGAIN_MS;
    this.#say({ transport: 'hold', reason });
    return true;
  }

  #reason(error: HoldlineError, livedMs: number | null): TransportChange['reason'] | null {
    if (error.code === 'timeout') return livedMs === null ? 'buffered' : 'silent';
    if (error.code === 'bad_answer') return 'refused';
    if (error.code !== 'network' || (livedMs !== null && livedMs > CUT_HOLD_MS)) {
      if (!isOver(error)) this.#quickCuts = 0;
      return null;
    }
    return ++this.#quickCuts >= QUICK_CUTS ? 'cut' : null;
  }

  #say(change: TransportChange): void {
    const told = this.#told;
    if (told?.transport === change.transport && told.reason === change.reason) return;
    this.#told = change;
    this.#tell(change);
  }
}
