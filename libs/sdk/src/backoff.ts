const BASE_MS = 500;
const CAP_MS = 30_000;
/** A server may ask for a rest, not for a day: a wrong header must not silence a page for good. */
const RETRY_AFTER_CAP_MS = 120_000;

/**
 * How long to wait before attempt number `attempt` + 1 (`attempt` counts failures, from 1): full
 * jitter, so that clients that failed together do not come back together. What the server asked for
 * is the least, with jitter on top.
 * @param random gives a number in [0, 1).
 * @returns milliseconds.
 */
export function backoff(
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt - 1, 16));
  if (retryAfterMs === undefined) return Math.round(random() * most);
  return Math.min(retryAfterMs, RETRY_AFTER_CAP_MS) + Math.round(random() * BASE_MS);
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3: seconds, or an HTTP date).
 * @returns milliseconds, or undefined when there is none or it makes no sense.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
