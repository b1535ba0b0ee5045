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
