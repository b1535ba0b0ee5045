/** Cuts that agree before anything is concluded, and by how much their ages may differ. */
const AGREEING = 3;
const SPREAD = 1.1;
const CUTS_KEPT = 8;
/** Holds end this far before the cut. */
const MARGIN = 0.9;
/** A hold that came this close to its end lasted as long as it may. */
const WHOLE = 0.95;
/** Milliseconds: what is younger is a client that thought better of it. */
const YOUNGEST = 1_000;
/** Milliseconds: a router that restarts cuts many holds at one moment, which is one cut. */
const SAME_MOMENT = 250;
/** Milliseconds after which a cut says nothing about the path of today. */
const FORGET = 30 * 60_000;
/** Holds that last before a longer one is tried; doubled when that one is cut. */
const TRUST = 20;
const TRUST_MAX = 640;
/**
 * Milliseconds without a cut before a longer one is tried, doubled likewise: on a path of many holds
 * their number alone would come together in a moment, and somebody be cut every minute.
 */
const REST = 5 * 60_000;
const REST_MAX = 4 * 60 * 60_000;
const GROWTH = 1.1;
/** Milliseconds that a trial may be overdue before another is made. */
const OVERDUE = 30_000;
const PATHS_KEPT = 10_000;

interface Cut {
  readonly at: number;
  readonly age: number;
}

/** How long a hold may last on a path. */
export interface PathLimit {
  readonly ms: number;
  /** A little longer than is known to pass: its outcome decides. */
  readonly isTrial: boolean;
}

/** What is known of one path: where it cuts, if anywhere. */
export class Path {
  private cuts: Cut[] = [];
  /** Age of the cuts that agreed; 0: none did. */
  private cutAt = 0;
  private holdMs = 0;
  private whole = 0;
  private trust = TRUST;
  private rest = REST;
  private cutLast = 0;
  private trialUntil = 0;

  constructor(private readonly longestMs: number) {}

  /** True when there is nothing to know any more. */
  get isPlain(): boolean {
    return this.cutAt === 0 && this.cuts.length === 0;
  }

  /** @returns null when a hold of `ms` may last as long as it likes. */
  limit(ms: number, now: number): PathLimit | null {
    if (this.cutAt === 0 || ms <= this.holdMs) return null;
    const isSettling = this.whole < this.trust || now - this.cutLast < this.rest;
    if (isSettling || now < this.trialUntil) {
      return { ms: this.holdMs, isTrial: false };
    }
    const longer = Math.min(ms, this.holdMs * GROWTH);
    this.trialUntil = now + longer + OVERDUE;
    return { ms: longer, isTrial: true };
  }

  /** A hold ended unanswered, because its connection did. */
  cut(age: number, now: number, isTrial: boolean): void {
    if (isTrial) this.trialUntil = 0;
    if (age < YOUNGEST) return;
    this.cutLast = now;
    if (this.cutAt > 0 && age * SPREAD >= this.cutAt) {
      if (isTrial) {
        this.trust = Math.min(this.trust * 2, TRUST_MAX);
        this.rest = Math.min(this.rest * 2, REST_MAX);
      }
      // Grown beyond it and cut again: that is where it cuts now.
      this.learn(this.holdMs > this.cutAt ? age : Math.min(age, this.cutAt));
      return;
    }
    const last = this.cuts.at(-1);
    if (last && now - last.at < SAME_MOMENT) return;
    this.cuts = this.cuts.filter((cut) => now - cut.at < FORGET).slice(1 - CUTS_KEPT);
    this.cuts.push({ at: now, age });
    const smallest = agreeing(this.cuts, age);
    if (smallest !== null) this.learn(smallest);
  }

  /** A hold was answered: the path let it live this long. */
  lasted(age: number, isTrial: boolean): void {
    this.cuts = this.cuts.filter((cut) => cut.age * SPREAD >= age);
    if (this.cutAt === 0) return;
    if (isTrial) {
      this.trialUntil = 0;
      if (age < this.holdMs) return;
      this.whole = 0;
      this.holdMs = Math.max(this.holdMs, age);
      if (this.holdMs >= this.longestMs * WHOLE) this.cutAt = 0;
      return;
    }
    // Held from before, and longer than what was learned: that was wrong.
    if (age > Math.max(this.cutAt, this.holdMs) * SPREAD) this.cutAt = 0;
    else if (age >= this.holdMs * WHOLE) this.whole += 1;
  }

  private learn(age: number): void {
    this.cutAt = age;
    this.holdMs = age * MARGIN;
    this.whole = 0;
    this.cuts = [];
  }
}

/**
 * Learns where paths cut held requests: a proxy, a router or a client's own time limit that ends every
 * quiet connection at the same age. Cuts at random ages are people who leave, and change nothing; nor
 * does an age that other holds of the path outlived. Bounded; time comes from outside.
 */
export class PathHolds {
  private readonly paths = new Map<string, Path>();

  /** @param longestMs the longest hold there is: a path that grew to it is forgotten. */
  constructor(
    private readonly longestMs: number,
    private readonly kept = PATHS_KEPT,
  ) {}

  /** While true no path need be looked up. */
  get isEmpty(): boolean {
    return this.paths.size === 0;
  }

  get size(): number {
    return this.paths.size;
  }

  find(key: string): Path | null {
    const path = this.paths.get(key);
    if (!path) return null;
    if (!path.isPlain) return path;
    this.paths.delete(key);
    return null;
  }

  /** For a cut: the path is known from now on; those cut longest ago are forgotten first. */
  note(key: string): Path {
    const path = this.paths.get(key) ?? new Path(this.longestMs);
    this.paths.delete(key);
    if (this.paths.size >= this.kept) this.paths.delete(this.paths.keys().next().value as string);
    this.paths.set(key, path);
    return path;
  }
}

/** The smallest of those ages, at least three and the newest among them, that agree; null: they do not. */
function agreeing(cuts: readonly Cut[], newest: number): number | null {
  const ages = cuts.map((cut) => cut.age).sort((a, b) => a - b);
  for (let i = 0; i + AGREEING <= ages.length; i++) {
    const smallest = ages[i] as number;
    const largest = ages[i + AGREEING - 1] as number;
    if (largest <= smallest * SPREAD && newest >= smallest && newest <= smallest * SPREAD)
      return smallest;
  }
  return null;
}
