import { backoff } from './backoff.js';
import { pause } from './clock.js';
import { HoldlineError, asHoldlineError } from './errors.js';
import { ask } from './transport.js';
import type { Order, Transport } from './transport.js';

/** Milliseconds that `authorize` may take. */
const AUTHORIZE_MS = 30_000;

export interface SessionOptions extends Transport {
  /** An API key or a client token; null: `authorize` gives one first. */
  readonly credential: string | null;
  readonly authorize: (() => Promise<string>) | null;
  readonly random: () => number;
}

/** Who asks: sends requests with the credential, and renews it when the server says it is over. */
export class Session {
  readonly #options: SessionOptions;
  #credential: string | null;
  #renewing: Promise<string> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#credential = options.credential;
  }

  /**
   * One request; once more with a fresh token when the old one is over. A fresh token that is refused
   * as well is an error: asking on would hammer two servers.
   * @throws HoldlineError, or the signal's reason.
   */
  async request(order: Order): Promise<unknown> {
    const credential = this.#credential ?? (await this.#renew(null));
    try {
      return await ask(this.#options, order, credential);
    } catch (error) {
      if (!this.#options.authorize || !isOver(error)) throw error;
      return ask(this.#options, order, await this.#renew(credential));
    }
  }

  /**
   * The same, tried again while that can help, for at most `forMs` milliseconds in all.
   * @throws HoldlineError, the last one; the signal's reason when aborted.
   */
  async persist(order: Order, forMs: number, signal: AbortSignal): Promise<unknown> {
    const { clock, random } = this.#options;
    const end = clock.now() + forMs;
    for (let failures = 1; ; failures++) {
      try {
        return await this.request({ ...order, signal });
      } catch (thrown) {
        signal.throwIfAborted();
        const error = asHoldlineError(thrown);
        const delay = backoff(failures, error.retryAfterMs, random);
        if (!error.retryable || error.code === 'no_reply' || clock.now() + delay >= end)
          throw error;
        await pause(clock, delay, signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Everybody who finds the same token over waits for the same new one. */
  async #renew(refused: string | null): Promise<string> {
    if (this.#credential !== null && this.#credential !== refused) return this.#credential;
    this.#renewing ??= this.#authorize().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #authorize(): Promise<string> {
    let cancel = (): void => undefined;
    try {
      const token = await Promise.race([
        this.#options.authorize?.(),
        new Promise<never>((_resolve, reject) => {
          const tooLate = (): void => reject(new Error(`no token within ${AUTHORIZE_MS / 1000} s`));
          cancel = this.#options.clock.after(AUTHORIZE_MS, tooLate);
        }),
      ]);
      if (typeof token !== 'string' || token === '') throw new Error('it returned no token');
      this.#credential = token;
      return token;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HoldlineError('authorize_failed', `\`authorize\` failed: ${why}.`, { cause });
    } finally {
      cancel();
    }
  }
}

function isOver(error: unknown): boolean {
  return (
    error instanceof HoldlineError &&
    (error.code === 'token_expired' || error.code === 'unauthenticated')
  );
}
