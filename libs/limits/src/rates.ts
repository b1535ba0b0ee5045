/** So much of a window that sums of fractions may be off by. */
const ROUNDING = 1e-9;
const IDS_KEPT = 50_000;

/**
 * The generic cell rate algorithm (ITU-T I.371) with one window's worth as the burst: one number for
 * each id, no timer. Within any time t no more than `max` and what the rate brings in t passes; a single
 * take larger than `max` passes when the id is idle, and is paid off before the next.
 *
 * Two generations of at most half of `kept` ids each: with more ids at once than that, the longest
 * unused are forgotten, debts and all.
 */
export class Rates {
  /** Id → the time (ms) at which its next unit would be exactly on time. */
  private young = new Map<string, number>();
  private old = new Map<string, number>();
  private readonly half: number;

  constructor(kept = IDS_KEPT) {
    this.half = Math.max(1, Math.floor(kept / 2));
  }

  /** Milliseconds until `units` more would pass; 0: now. Counts nothing. */
  wait(id: string, units: number, max: number, windowMs: number, now: number): number {
    const due = this.due(id);
    if (due <= now) return 0;
    const over = due + (units * windowMs) / max - now - windowMs;
    return over <= windowMs * ROUNDING ? 0 : Math.min(over, due - now);
  }

  /** Counts them, whether they may pass or not. */
  add(id: string, units: number, max: number, windowMs: number, now: number): void {
    const next = Math.max(now, this.due(id)) + (units * windowMs) / max;
    if (this.young.size >= this.half && !this.young.has(id)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(id, next);
  }

  /** How much of `max` is taken now. */
  used(id: string, max: number, windowMs: number, now: number): number {
    const behind = this.due(id) - now;
    return behind <= 0 ? 0 : Math.min(max, Math.ceil((behind / windowMs) * max - ROUNDING * max));
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  private due(id: string): number {
    return this.young.get(id) ?? this.old.get(id) ?? 0;
  }
}
