import {
  ACTIVITY_STEP_MS,
  addCounts,
  NO_COUNTS,
  type ActivityCounts,
  type ActivityRequest,
  type ActivitySlice,
  type AppActivity,
  type ProblemCode,
  type RecentActivity,
} from '#contracts';
import type { Clock } from '#mediator';
import { isCustomers } from '#metering';
import { LatencyHistogram } from './latency-histogram.js';

/** An hour. */
const BUCKETS = 360;
/** Apps over all buckets: beyond it the oldest bucket goes, whatever its age. */
const ROWS = 100_000;
/** Milliseconds between two looks at the clock: counting itself does not ask it. */
const LOOK_MS = 1_000;
/** Rows in one slice, unless a single bucket has more. */
const SLICE_ROWS = 5_000;

interface Bucket {
  readonly at: number;
  readonly apps: ReadonlyMap<string, AppActivity>;
}

/** Of one app in the running bucket. */
class Tally {
  published = 0;
  delivered = 0;
  latency: LatencyHistogram | null = null;
  errors: Map<ProblemCode, number> | null = null;
}

export interface ActivityBookOptions {
  readonly clock: Clock;
  readonly node: () => string;
  /** What each app holds now. */
  readonly holds: () => Iterable<readonly [app: string, holds: number]>;
  /** Default 100 000. */
  readonly rows?: number;
}

/**
 * What each app did in the last hour, for people to look at. Counting is one look-up and one addition for
 * each batch that is published, and for each slice of receivers of an answer. In memory alone: what a
 * restart forgets is the last bucket, the control plane has the others.
 */
export class ActivityBook {
  private readonly closed: Bucket[] = [];
  private rows = 0;
  private running = new Map<string, Tally>();
  private runningAt: number;
  private readonly stopLooking: () => void;

  constructor(private readonly o: ActivityBookOptions) {
    this.runningAt = bucketOf(o.clock.now());
    this.stopLooking = o.clock.every(LOOK_MS, () => this.roll());
  }

  published(app: string, messages: number): void {
    this.of(app).published += messages;
  }

  /** @param acceptedAt as the mediator's hook has it. */
  delivered(
    app: string,
    channel: string,
    messages: number,
    receivers: number,
    acceptedAt: number,
  ): void {
    if (!isCustomers(channel)) return;
    const tally = this.of(app);
    tally.delivered += messages;
    if (acceptedAt === 0) return;
    const waited = Math.max(0, this.o.clock.now() - acceptedAt);
    (tally.latency ??= new LatencyHistogram()).add(waited, receivers);
  }

  refused(app: string, code: ProblemCode): void {
    const errors = (this.of(app).errors ??= new Map<ProblemCode, number>());
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }

  /** Buckets that are over, from where the control plane has stored them. */
  slice({ node, from }: ActivityRequest): ActivitySlice {
    this.roll();
    const own = this.o.node();
    const start = node === own ? from : 0;
    const open = this.closed.filter(({ at }) => at >= start);
    let rows = 0;
    let end = 0;
    for (; end < open.length; end++) {
      rows += (open[end] as Bucket).apps.size;
      if (end > 0 && rows > SLICE_ROWS) break;
    }
    const told = open.slice(0, end);
    const more = open.length > end;
    return {
      node: own,
      buckets: told.map(({ at, apps }) => ({ at, apps: [...apps.values()] })),
      through: more ? (told.at(-1) as Bucket).at + ACTIVITY_STEP_MS : this.runningAt,
      more,
    };
  }

  /** Of these apps together. */
  recent(apps: readonly string[]): RecentActivity {
    this.roll();
    const buckets = [...this.closed, { at: this.runningAt, apps: this.sealed() }];
    return {
      from: (buckets[0] as Bucket).at,
      asOf: this.o.clock.now(),
      buckets: buckets.flatMap((bucket) => {
        const counts = together(bucket, apps);
        return counts ? [{ at: bucket.at, ...counts }] : [];
      }),
    };
  }

  close(): void {
    this.stopLooking();
  }

  private of(app: string): Tally {
    let tally = this.running.get(app);
    if (!tally) this.running.set(app, (tally = new Tally()));
    return tally;
  }

  /** Closes the bucket whose time is over. A clock that went back goes on with the one there is. */
  private roll(): void {
    const at = bucketOf(this.o.clock.now());
    if (at <= this.runningAt) return;
    const apps = this.sealed();
    this.closed.push({ at: this.runningAt, apps });
    this.rows += apps.size;
    this.running = new Map();
    this.runningAt = at;
    const { rows: most = ROWS } = this.o;
    while (
      this.closed.length > 0 &&
      (this.rows > most || (this.closed[0] as Bucket).at < at - BUCKETS * ACTIVITY_STEP_MS)
    ) {
      this.rows -= (this.closed.shift() as Bucket).apps.size;
    }
  }

  private sealed(): Map<string, AppActivity> {
    const apps = new Map<string, AppActivity>();
    for (const [app, tally] of this.running) {
      const { published, delivered, latency, errors } = tally;
      apps.set(app, {
        app,
        published,
        delivered,
        holds: 0,
        latency: latency?.values() ?? [],
        errors: Object.fromEntries(errors ?? []),
      });
    }
    for (const [app, holds] of this.o.holds()) {
      apps.set(app, { ...(apps.get(app) ?? { app, ...NO_COUNTS }), holds });
    }
    return apps;
  }
}

function together({ apps }: Bucket, wanted: readonly string[]): ActivityCounts | null {
  let sum: ActivityCounts | null = null;
  for (const id of wanted) {
    const found = apps.get(id);
    if (!found) continue;
    const { app: _one, ...counts } = found;
    sum = sum ? addCounts(sum, counts) : counts;
  }
  return sum;
}

function bucketOf(ms: number): number {
  return Math.floor(ms / ACTIVITY_STEP_MS) * ACTIVITY_STEP_MS;
}
