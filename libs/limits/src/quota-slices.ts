/** What was stored under a name, as the log knows it: durable, and the same after a crash. */
export interface QuotaCounter {
  read(name: string): Promise<number>;
}

/** So many units of a quota are this node's to use. */
export interface Slice {
  /** All that were wanted, or 0. */
  readonly granted: number;
  /** Milliseconds since 1970: what is not on its way to the log by then must not go any more. */
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
  /** Stored, and taken but not settled, as far as this node knows; null: it has not looked yet. */
  used(name: string): number | null;
  /** As `used`, and looks. */
  read(name: string): Promise<number>;
}

interface Count {
  stored: number;
  reserved: number;
}

const NAMES_KEPT = 20_000;

/**
 * One node has the whole quota: exact, and never above it. A name is read once; from then on everything
 * that the log stores under it has gone through here.
 */
export class WholeQuota implements QuotaSlices {
  private readonly counts = new Map<string, Count>();
  private readonly reading = new Map<string, Promise<Count>>();

  constructor(private readonly counter: QuotaCounter) {}

  take(name: string, want: number, max: number): Slice | Promise<Slice> {
    const count = this.counts.get(name);
    return count ? grant(count, want, max) : this.count(name).then((one) => grant(one, want, max));
  }

  settle(name: string, taken: number, stored: number): void {
    const count = this.counts.get(name);
    if (!count) return;
    count.reserved -= taken;
    count.stored += stored;
  }

  used(name: string): number | null {
    const count = this.counts.get(name);
    return count ? count.stored + count.reserved : null;
  }

  async read(name: string): Promise<number> {
    const { stored, reserved } = await this.count(name);
    return stored + reserved;
  }

  private async count(name: string): Promise<Count> {
    const known = this.counts.get(name);
    if (known) return known;
    let reading = this.reading.get(name);
    if (!reading) {
      reading = this.counter.read(name).then((stored) => {
        this.makeRoom();
        const count = { stored, reserved: 0 };
        this.counts.set(name, count);
        return count;
      });
      this.reading.set(name, reading);
      const done = (): void => void this.reading.delete(name);
      reading.then(done, done);
    }
    return reading;
  }

  /** Windows that are over are the oldest. What is on its way under a name stays known. */
  private makeRoom(): void {
    if (this.counts.size < NAMES_KEPT) return;
    for (const [name, { reserved }] of this.counts) {
      if (reserved === 0) this.counts.delete(name);
      if (this.counts.size < NAMES_KEPT) return;
    }
  }
}

function grant(count: Count, want: number, max: number): Slice {
  if (count.stored + count.reserved + want > max) return { granted: 0, until: 0 };
  count.reserved += want;
  return { granted: want, until: Number.POSITIVE_INFINITY };
}
