import { backoff } from './backoff.js';
import { fromBase64 } from './base64.js';
import { pause } from './clock.js';
import { HoldlineError, asHoldlineError } from './errors.js';
import { readLines } from './lines.js';
import type { LineOrder } from './lines.js';
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
   * The lines of one stream, until it ends or fails; a token that is over is renewed as in `request`.
   * @throws as `request`, and `timeout` when it is silent for too long.
   */
  async *lines(order: LineOrder): AsyncGenerator<unknown, void, undefined> {
    const credential = this.#credential ?? (await this.#renew(null));
    let hasBegun = false;
    try {
      for await (const line of readLines(this.#options, order, credential)) {
        hasBegun = true;
        yield line;
      }
    } catch (error) {
      if (hasBegun || !this.#options.authorize || !isOver(error)) throw error;
      yield* readLines(this.#options, order, await this.#renew(credential));
    }
  }

  /** The client that the token is for, as the token says; null: none, or an API key. */
  async clientId(): Promise<string | null> {
    return clientOf(this.#credential ?? (await this.#renew(null)));
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

/** Reads a JWT's claims without checking them: that is the server's to do. */
function clientOf(token: string): string | null {
  try {
    const claims = fromBase64(token.split('.')[1] ?? '');
    const text = new TextDecoder().decode(claims ?? undefined);
    const { clientId, sub } = JSON.parse(text) as { clientId?: unknown; sub?: unknown };
    const client = clientId ?? sub;
    return typeof client === 'string' ? client : null;
  } catch {
    return null;
  }
}

/** A credential that a new one may cure. */
export function isOver(error: unknown): boolean {
  return (
    error instanceof HoldlineError &&
    (error.code === 'token_expired' || error.code === 'unauthenticated')
  );
}
