import type { UsageQuery } from '#contracts';

type Granularity = UsageQuery['granularity'];

const DAY_MS = 86_400_000;

/** Where a bucket begins: a first one that is cut by the range begins with the range. */
export function bucketStart(bucket: Date, granularity: Granularity, from: number): number {
  return granularity === 'total' ? from : Math.max(bucket.getTime(), from);
}

/** Exclusive; never beyond the range. */
export function bucketEnd(start: number, granularity: Granularity, to: number): number {
  switch (granularity) {
    case 'hour':
      return Math.min(to, start + 3_600_000);
    case 'day':
      return Math.min(to, Math.floor(start / DAY_MS) * DAY_MS + DAY_MS);
    case 'month': {
      const day = new Date(start);
      return Math.min(to, Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1));
    }
    case 'total':
      return to;
  }
}
