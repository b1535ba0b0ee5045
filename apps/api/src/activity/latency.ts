import { LATENCY_BOUNDS_MS } from '#contracts';

const BOUNDS: readonly number[] = LATENCY_BOUNDS_MS;

/**
 * The latency that a share of the receivers did not exceed, in ms to a tenth: inside its bucket as if all
 * were spread evenly, beyond the last bound that bound. null: there was none.
 */
export function percentile(histogram: readonly number[], share: number): number | null {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  let left = total * share;
  for (const [bucket, n] of histogram.entries()) {
    if (n > 0 && n >= left) {
      const from = bucket === 0 ? 0 : BOUNDS[bucket - 1]!;
      const to = BOUNDS[bucket] ?? from;
      return Math.round((from + ((to - from) * left) / n) * 10) / 10;
    }
    left -= n;
  }
  return BOUNDS.at(-1)!;
}
