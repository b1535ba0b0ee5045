import { queryOptions } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';

export type Activity =
  paths['/v1/activity']['get']['responses'][200]['content']['application/json'];
export type Window = Activity['window'];

/** Milliseconds until it is asked anew. A day is told from what was collected, up to 15 s after it happened. */
const FRESH_MS = { '1h': 5_000, '24h': 10_000, '30d': 60_000 } as const;

/** @param app '' for all of them */
export const activityQuery = (window: Window, app: string) =>
  queryOptions({
    queryKey: ['activity', window, app],
    queryFn: () =>
      answered(api.GET('/v1/activity', { params: { query: { window, ...(app && { app }) } } })),
    refetchInterval: FRESH_MS[window],
    // Another window is shown when it is there: nothing jumps meanwhile.
    placeholderData: (before) => before,
  });

export interface Now {
  readonly published: number;
  readonly delivered: number;
  readonly holds: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly refused: number;
}

/** The last step that is over: the running one is not whole yet. A second's share of what is counted. */
export function nowOf({ series, stepSeconds }: Activity): Now {
  const last = Math.max(0, series.published.length - 2);
  const perSecond = (values: readonly number[]) => (values[last] ?? 0) / stepSeconds;
  const known = (values: readonly (number | null)[]) =>
    values.findLast((value) => value !== null) ?? null;
  return {
    published: perSecond(series.published),
    delivered: perSecond(series.delivered),
    holds: series.holds.at(-1) ?? 0,
    p50: known(series.latencyP50Ms),
    p99: known(series.latencyP99Ms),
    refused: Object.values(series.errors).reduce((all, counts) => all + sum(counts), 0),
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
