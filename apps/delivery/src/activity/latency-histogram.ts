import { LATENCY_BOUNDS_MS } from '#contracts';

const BOUNDS: readonly number[] = LATENCY_BOUNDS_MS;

/** How many receivers waited how long. */
export class LatencyHistogram {
  private readonly counts = new Uint32Array(BOUNDS.length + 1);
  private isEmpty = true;

  add(ms: number, receivers: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && ms > BOUNDS[bucket]!) bucket++;
    this.counts[bucket]! += receivers;
    this.isEmpty = false;
  }

  /** Up to the last bucket with something in it; empty: none. */
  values(): number[] {
    if (this.isEmpty) return [];
    let end = this.counts.length;
    while (this.counts[end - 1] === 0) end--;
    return [...this.counts.subarray(0, end)];
  }
}
