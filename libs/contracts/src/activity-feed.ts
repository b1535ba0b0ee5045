import { z } from 'zod';

/**
 * How delivery hands the control plane what happened lately, for people to look at: nothing is billed
 * from it. Not part of the public wire.
 */

/** Milliseconds that delivery counts together: buckets begin at whole multiples since 1970. */
export const ACTIVITY_STEP_MS = 10_000;

/** Upper ends (ms, inclusive) of the buckets of a latency histogram; one more bucket is for all beyond. */
export const LATENCY_BOUNDS_MS = [
  1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048,
  4096, 8192, 16_384,
] as const;

const count = z.number().int().nonnegative();

export const ActivityCounts = z.object({
  published: count,
  delivered: count,
  /** Held at the end of the bucket; of several buckets, added up. */
  holds: count,
  /** Receivers by how long their message took, in the buckets of `LATENCY_BOUNDS_MS`; empty: none. */
  latency: z.array(count).max(LATENCY_BOUNDS_MS.length + 1),
  /** Refusals by problem code. */
  errors: z.record(z.string(), count),
});
export type ActivityCounts = z.output<typeof ActivityCounts>;

export const NO_COUNTS: ActivityCounts = Object.freeze({
  published: 0,
  delivered: 0,
  holds: 0,
  latency: [],
  errors: {},
});

export function addCounts(a: ActivityCounts, b: ActivityCounts): ActivityCounts {
  const [longer, shorter] =
    a.latency.length < b.latency.length ? [b.latency, a.latency] : [a.latency, b.latency];
  const errors = { ...a.errors };
  for (const [code, n] of Object.entries(b.errors)) errors[code] = (errors[code] ?? 0) + n;
  return {
    published: a.published + b.published,
    delivered: a.delivered + b.delivered,
    holds: a.holds + b.holds,
    latency: longer.map((n, i) => n + (shorter[i] ?? 0)),
    errors,
  };
}

export const AppActivity = ActivityCounts.extend({ app: z.string() });
export type AppActivity = z.output<typeof AppActivity>;

export const ActivityRequest = z.object({
  /** The node that `after` was said by; another node begins at its first bucket. */
  node: z.string(),
  /** The beginning (ms since 1970) of the first bucket that is wanted. */
  from: count,
});
export type ActivityRequest = z.output<typeof ActivityRequest>;

/** Buckets that are over: they do not change any more. */
export const ActivitySlice = z.object({
  node: z.string(),
  buckets: z.array(z.object({ at: count, apps: z.array(AppActivity) })),
  /** Everything before it is over and was told by now: the next `from`. */
  through: count,
  more: z.boolean(),
});
export type ActivitySlice = z.output<typeof ActivitySlice>;

/** What a tenant, or one of its apps, did lately, the running bucket too. */
export const RecentActivity = z.object({
  /** The beginning of the first bucket that is known; what was before is not known here. */
  from: count,
  asOf: count,
  buckets: z.array(ActivityCounts.extend({ at: count })),
});
export type RecentActivity = z.output<typeof RecentActivity>;
