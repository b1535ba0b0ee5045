import type { Slice } from '../quota-slices.js';

interface Lease {
  readonly granted: number;
  readonly until: number;
}

export interface SliceLedgerOptions {
  readonly max: number;
  readonly leaseMs: number;
  readonly now: () => number;
  /** Durable, over all nodes. */
  readonly stored: () => number;
}

/**
 * The common place that divides one quota among nodes, as an adapter for many nodes has to keep it: what
 * is stored, and what is leased and not over, is never granted again. A lease that has been used in part
 * counts whole until it is over or given back: too little may be granted for a moment, never too much.
 */
export class SliceLedger {
  private readonly leases = new Map<number, Lease>();

  constructor(private readonly o: SliceLedgerOptions) {}

  /** A node has one lease: it takes a new one when the old one is used up, over or given back. */
  take(node: number, want: number): Slice {
    const { max, leaseMs, now, stored } = this.o;
    const known = this.leases.get(node);
    if (known && known.until > now()) return { granted: 0, until: known.until };
    let leased = 0;
    for (const [other, { granted, until }] of this.leases) {
      if (until <= now()) this.leases.delete(other);
      else leased += granted;
    }
    const granted = Math.min(want, max - stored() - leased);
    if (granted <= 0) return { granted: 0, until: now() };
    const until = now() + leaseMs;
    this.leases.set(node, { granted, until });
    return { granted, until };
  }

  giveBack(node: number): void {
    this.leases.delete(node);
  }
}
