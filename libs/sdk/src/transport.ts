import { parseRetryAfter } from './backoff.js';
import type { Clock } from './clock.js';
import { HoldlineError, refusal } from './errors.js';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Order {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the client's `url`, with a slash in front. */
  readonly path: string;
  readonly body?: unknown;
  /** Milliseconds until the request is given up, its answer's body included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Transport {
  readonly url: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/**
 * One request, one try.
 * @returns the answer's JSON; null when it has none (204).
 * @throws HoldlineError for a refusal, `network`, `timeout` or `bad_answer`; the signal's reason when
 *   the caller aborted.
 */
export async function ask(
  transport: Transport,
  order: Order,
  credential: string,
): Promise<unknown> {
  const { clock } = transport;
  const { signal } = order;
  signal?.throwIfAborted();
  const abort = new AbortController();
  const stop = (): void => abort.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  let late = false;
  const cancel = clock.after(order.timeoutMs, () => {
    late = true;
    abort.abort();
  });
  try {
    const response = await transport.fetch(transport.url + order.path, {
      method: order.method,
      headers: {
        authorization: `Bearer ${credential}`,
        ...(order.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(order.body === undefined ? {} : { body: JSON.stringify(order.body) }),
      signal: abort.signal,
      ...NEITHER_CACHE_NOR_COOKIES,
    });
    const text = await response.text();
    const body = parse(text);
    if (!response.ok) throw refused(response, body, clock);
    if (response.status === 204) return null;
    if (body === undefined) {
      // A sign-in page of a hotel's network looks like this: it goes away, so trying again is right.
      throw new HoldlineError('bad_answer', "The answer was not Holdline's JSON.", {
        status: response.status,
        retryable: true,
      });
    }
    return body;
  } catch (error) {
    if (error instanceof HoldlineError) throw error;
    if (signal?.aborted) throw signal.reason;
    if (late) {
      throw new HoldlineError('timeout', `No answer within ${order.timeoutMs / 1000} s.`);
    }
    throw new HoldlineError('network', 'The request did not get through.', { cause: error });
  } finally {
    cancel();
    signal?.removeEventListener('abort', stop);
  }
}

/** A cached answer would hand the same messages on for ever; cookies are none of Holdline's. */
export const NEITHER_CACHE_NOR_COOKIES = { cache: 'no-store', credentials: 'omit' } as const;

export function refused(response: Response, body: unknown, clock: Clock): HoldlineError {
  const requestId = response.headers.get('request-id') ?? undefined;
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'), clock.now());
  return refusal(response.status, body, requestId, retryAfter);
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
