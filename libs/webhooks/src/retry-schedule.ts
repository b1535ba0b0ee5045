const MINUTE = 60;
const HOUR = 3_600;

/**
 * Seconds from each attempt that failed to the next: thirteen attempts over three days. A receiver that
 * was away for a moment hears of it at once; one that is away for a weekend still gets everything.
 */
export const RETRY_SECONDS = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** Each pause is this part shorter or longer at most, so that what failed together does not return together. */
const JITTER = 0.1;

/**
 * @param attempts how many were made and failed.
 * @param random 0 ≤ random < 1
 * @returns milliseconds to wait, or null when there is no further attempt.
 */
export function retryAfterMs(attempts: number, random: number): number | null {
  const seconds = RETRY_SECONDS[attempts - 1];
  return seconds === undefined
    ? null
    : Math.round(seconds * 1000 * (1 + JITTER * (2 * random - 1)));
}
