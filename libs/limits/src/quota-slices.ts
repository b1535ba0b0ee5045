/** What was stored under a name, as the log knows it: durable, and the same after a crash. */
export interface QuotaCounter {
  read(name: string): number;
}

/** So many units of a quota are this node's to use. */
export interface Slice {
  /** All that were wanted, or 0. */
  readonly granted: number;
  /** Milliseconds since 1970: what is not stored by then must not be stored any more. */
  readonly until: number;
}

/**
 * Who divides a quota among the nodes. With one node there is nothing to divide; with many, an adapter
 * asks a common place and must never grant more than `max` over all nodes.
 */
export interface QuotaSlices {
  take(name: string, want: number, max: number): Slice | Promise<Slice>;
  /** Of `taken` units so many were stored; the rest is given back. */
  settle(name: string, taken: number, stored: number): void;
  /** Stored, and taken but not settled, as far as this node knows. */
  used(name: string): number;
}

/** One node has the whole quota: exact, and never above it. */
export class WholeQuota implements QuotaSlices {
  private readonly reserved = new Map<string, number>();

  constructor(private readonly counter: QuotaCounter) {}

  take(name: string, want: number, max: number): Slice {
    if (this.used(name) + want > max) return { granted: 0, until: 0 };
    this.reserved.set(name, (this.reserved.get(name) ?? 0) + want);
    return { granted: want, until: Number.POSITIVE_INFINITY };
  }

  /** What was stored the counter knows by now, so that all of `taken` goes. */
  settle(name: string, taken: number): void {
    const left = (this.reserved.get(name) ?? 0) - taken;
    if (left <= 0) this.reserved.delete(name);
    else this.reserved.set(name, left);
  }

  used(name: string): number {
    return this.counter.read(name) + (this.reserved.get(name) ?? 0);
  }
}
