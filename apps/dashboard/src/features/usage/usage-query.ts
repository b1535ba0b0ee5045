import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';

type Usage = paths['/v1/usage']['get']['responses'][200]['content']['application/json'];
export type UsageBucket = Usage['data'][number];
type Granularity = 'hour' | 'day' | 'month' | 'total';

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

export type Step = Exclude<Granularity, 'total'>;

/** The beginnings of the steps that a time touches (ms since 1970), in UTC, as usage is counted. */
function startsOf({ from, to }: Span, step: Step): number[] {
  const at = new Date(from);
  at.setUTCMinutes(0, 0, 0);
  if (step !== 'hour') at.setUTCHours(0);
  if (step === 'month') at.setUTCDate(1);
  const starts: number[] = [];
  while (at.getTime() < Date.parse(to)) {
    starts.push(at.getTime());
    if (step === 'hour') at.setUTCHours(at.getUTCHours() + 1);
    else if (step === 'day') at.setUTCDate(at.getUTCDate() + 1);
    else at.setUTCMonth(at.getUTCMonth() + 1);
  }
  return starts;
}

/** For a chart: the steps in which nothing was used too, which the answer leaves out. */
export function everyStep(
  buckets: readonly UsageBucket[],
  span: Span,
  step: Step,
): { times: number[]; steps: (UsageBucket | undefined)[] } {
  const known = new Map(buckets.map((bucket) => [Date.parse(bucket.start), bucket]));
  const starts = startsOf(span, step);
  return { times: starts.map((at) => at / 1000), steps: starts.map((at) => known.get(at)) };
}
