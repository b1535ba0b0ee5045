import { HoldlineError } from './errors.js';
import { NEITHER_CACHE_NOR_COOKIES, parse, refused } from './transport.js';
import type { Transport } from './transport.js';

export interface LineOrder {
  /** Below the client's `url`, with a slash in front. */
  readonly path: string;
  /** Milliseconds until the first bytes have to be there. */
  readonly firstMs: number;
  /** Milliseconds that it may be silent later on. */
  readonly quietMs: number;
  readonly signal: AbortSignal;
}

const STREAMED = 'application/x-ndjson';

/**
 * One request whose answer goes on: a JSON value for each line, as it comes. Time counts only while
 * nothing has come: whoever takes long over a line does not make the stream look dead.
 * @throws HoldlineError for a refusal; `timeout` where bytes are overdue; `network` when it is cut;
 *   `bad_answer` for anything but Holdline's lines; the signal's reason when the caller aborted.
 */
export async function* readLines(
  { url, fetch, clock }: Transport,
  { path, firstMs, quietMs, signal }: LineOrder,
  credential: string,
): AsyncGenerator<unknown, void, undefined> {
  signal.throwIfAborted();
  const abort = new AbortController();
  const stop = (): void => abort.abort(signal.reason);
  signal.addEventListener('abort', stop);
  let lateAfterMs = 0;
  const within = async <T>(ms: number, coming: Promise<T>): Promise<T> => {
    const cancel = clock.after(ms, () => {
      lateAfterMs = ms;
      abort.abort();
    });
    try {
      return await coming;
    } finally {
      cancel();
    }
  };
  try {
    const opening = fetch(url + path, {
      method: 'GET',
      headers: { authorization: `Bearer ${credential}`, accept: STREAMED },
      signal: abort.signal,
      ...NEITHER_CACHE_NOR_COOKIES,
    });
    const response = await within(firstMs, opening);
    if (!response.ok) throw refused(response, parse(await response.text()), clock);
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith(STREAMED) || !response.body) {
      throw new HoldlineError('bad_answer', "The answer was not Holdline's stream.", {
        status: response.status,
        retryable: true,
      });
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (let isFirst = true; ; isFirst = false) {
      const { done, value } = await within(isFirst ? firstMs : quietMs, reader.read());
      if (done) break;
      rest += decoder.decode(value, { stream: true });
      let end: number;
      while ((end = rest.indexOf('\n')) >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        if (line !== '') yield valueOf(line);
      }
    }
    throw new HoldlineError('network', 'The stream ended without a word.');
  } catch (error) {
    if (error instanceof HoldlineError) throw error;
    if (signal.aborted) throw signal.reason;
    if (lateAfterMs > 0) {
      throw new HoldlineError('timeout', `Nothing came for ${lateAfterMs / 1000} s.`);
    }
    throw new HoldlineError('network', 'The stream was cut.', { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    abort.abort();
  }
}

/** @throws HoldlineError `bad_answer` */
function valueOf(line: string): unknown {
  const value = parse(line);
  if (value !== undefined) return value;
  throw new HoldlineError('bad_answer', 'A line of the stream was not JSON.', { retryable: true });
}
