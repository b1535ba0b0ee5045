import { Inject, Injectable } from '@nestjs/common';
import {
  HOUR_MS,
  hourOf,
  METER_NAMES,
  METERS,
  Problem,
  usageGroups,
  type Meter,
  type Usage,
  type UsageBucket,
  type UsageGroup,
  type UsageQuery,
  type UsageReport,
} from '#contracts';
import { Database } from '#database';
import { Clock } from '../data/clock.js';
import { requireApp } from '../apps/apps.service.js';
import { bucketEnd, bucketStart } from './buckets.js';
import { usageRows, type UsageRow } from './usage-rows.js';

/** Hours that one answer covers at most, by granularity, so that it stays a page and not a dump. */
const MOST_HOURS = { hour: 24 * 31, day: 24 * 400, month: 24 * 366 * 5, total: 24 * 366 * 5 };
const MOST_ROWS = 10_000;

/** Tells tenants what they used. */
@Injectable()
export class UsageService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** @throws Problem invalid_request; not_found for an app of somebody else */
  async report(tenantId: string, query: UsageQuery): Promise<UsageReport> {
    const groups = readGroups(query);
    const { from, to } = this.range(query);
    const { granularity, app } = query;
    const found = await this.database.withTenant(tenantId, async (tx) => {
      if (app !== undefined) await requireApp(tx, app);
      return usageRows(tx, { from, to, granularity, groups, app, limit: MOST_ROWS });
    });
    if (found.length >= MOST_ROWS) throw tooMuch();
    const buckets = new Map<string, UsageBucket>();
    for (const row of found) {
      const start = bucketStart(row.bucket, granularity, from);
      const id = JSON.stringify([start, ...groups.map((group) => row[group])]);
      const bucket = buckets.get(id) ?? emptyBucket(row, start, granularity, to, groups);
      buckets.set(id, bucket);
      bucket.usage[row.meter] = shown(row.meter, row.units);
    }
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      granularity,
      groupBy: groups,
      asOf: await this.asOf(),
      data: [...buckets.values()],
      total: totals(found),
    };
  }

  /** Both what the log says and what nodes count beside it is stored up to here. */
  async asOf(): Promise<string | null> {
    const marks = await this.database.asSystem((tx) => tx.meterMark.findMany());
    const newest = (prefix: string) =>
      Math.max(
        0,
        ...marks
          .filter(({ source }) => source.startsWith(prefix))
          .map(({ completeTo }) => completeTo.getTime()),
      );
    const asOf = Math.min(newest('log:'), newest('journal:'));
    return asOf > 0 ? new Date(asOf).toISOString() : null;
  }

  private range(query: UsageQuery): { from: number; to: number } {
    const now = new Date(this.clock.now());
    const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    const from = hourOf(query.from === undefined ? month : Date.parse(query.from));
    const to =
      query.to === undefined ? hourOf(now.getTime()) + HOUR_MS : hourOf(Date.parse(query.to));
    const hours = (to - from) / HOUR_MS;
    if (hours <= 0)
      throw new Problem('invalid_request', '`from` must be at least an hour before `to`.');
    const most = MOST_HOURS[query.granularity];
    if (hours > most)
      throw new Problem(
        'invalid_request',
        `By ${query.granularity} an answer covers ${most / 24} days at most. Ask for less, or with a larger granularity.`,
      );
    return { from, to };
  }
}

function readGroups({ groupBy }: UsageQuery): UsageGroup[] {
  const groups = usageGroups(groupBy);
  if (!groups)
    throw new Problem(
      'invalid_request',
      'groupBy is a list of app and key, or of app, namespace and channel.',
    );
  if (groups.includes('key') && (groups.includes('channel') || groups.includes('namespace')))
    throw new Problem(
      'invalid_request',
      'Usage by key and usage by channel are counted beside each other: group by one of the two.',
    );
  return groups;
}

function tooMuch(): Problem {
  return new Problem(
    'invalid_request',
    `That would be more than ${MOST_ROWS} rows. Ask for a shorter time, a larger granularity or fewer groups.`,
  );
}

function emptyBucket(
  row: UsageRow,
  start: number,
  granularity: UsageQuery['granularity'],
  to: number,
  groups: readonly UsageGroup[],
): UsageBucket {
  return {
    start: new Date(start).toISOString(),
    end: new Date(bucketEnd(start, granularity, to)).toISOString(),
    ...Object.fromEntries(groups.map((group) => [group, row[group]])),
    usage: nothing(),
  };
}

function nothing(): Usage {
  return Object.fromEntries(METER_NAMES.map((meter) => [meter, 0])) as Usage;
}

/** In base units first, so that nothing is rounded before it is added up. */
function totals(rows: readonly UsageRow[]): Usage {
  const sums = new Map<Meter, bigint>();
  for (const { meter, units } of rows) {
    const sum = sums.get(meter) ?? 0n;
    const isLargest = METERS[meter].aggregation === 'max';
    sums.set(meter, isLargest ? (units > sum ? units : sum) : sum + units);
  }
  const total = nothing();
  for (const [meter, units] of sums) total[meter] = shown(meter, units);
  return total;
}

function shown(meter: Meter, units: bigint): number {
  return Number(units) / METERS[meter].per;
}
