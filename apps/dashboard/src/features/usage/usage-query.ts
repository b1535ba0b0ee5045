import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';

export type Granularity = 'hour' | 'day' | 'month' | 'total';

export interface UsageAsked {
  readonly from: string;
  readonly to: string;
  readonly granularity: Granularity;
  readonly groupBy?: string;
  readonly app?: string;
}

/** Milliseconds; usage is fresh to a few seconds. */
const FRESH_MS = 10_000;

export const usageQuery = (asked: UsageAsked) =>
  queryOptions({
    queryKey: ['usage', asked],
    queryFn: () => answered(api.GET('/v1/usage', { params: { query: asked } })),
    refetchInterval: FRESH_MS,
    placeholderData: keepPreviousData,
  });

export interface Span {
  readonly from: string;
  readonly to: string;
}

const HOUR_MS = 3_600_000;

/** Whole UTC hours up to the end of the running one: how usage is counted. */
export function lastHours(hours: number, now = Date.now()): Span {
  const to = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
  return { from: new Date(to - hours * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
}

const STEP_MS = { hour: HOUR_MS, day: 24 * HOUR_MS } as const;

/** One value for each step of the time, also for those in which nothing was used: the answer leaves them out. */
export function everyStep<T extends { readonly start: string }>(
  buckets: readonly T[],
  { from, to }: Span,
  granularity: Granularity,
  valueOf: (bucket: T) => number,
): { times: number[]; values: number[] } {
  const known = new Map(buckets.map((bucket) => [Date.parse(bucket.start), valueOf(bucket)]));
  const times: number[] = [];
  if (granularity === 'hour' || granularity === 'day') {
    const step = STEP_MS[granularity];
    const first = Math.ceil(Date.parse(from) / step) * step;
    for (let at = first; at < Date.parse(to); at += step) times.push(at);
  } else if (granularity === 'month') {
    const at = new Date(from);
    at.setUTCDate(1);
    at.setUTCHours(0, 0, 0, 0);
    for (; at.getTime() < Date.parse(to); at.setUTCMonth(at.getUTCMonth() + 1))
      times.push(at.getTime());
  }
  // A bucket that begins before the time asked for, as the first day does, is shown too.
  for (const at of known.keys()) if (!times.includes(at)) times.push(at);
  times.sort((a, b) => a - b);
  return { times: times.map((at) => at / 1000), values: times.map((at) => known.get(at) ?? 0) };
}
