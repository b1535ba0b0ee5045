import { METER_NAMES, METERS, type Meter, type UsageGroup, type UsageQuery } from '#contracts';
import { Prisma, type Tx } from '#database';

export interface UsageRow {
  readonly bucket: Date;
  readonly meter: Meter;
  readonly units: bigint;
  readonly app?: string;
  readonly key?: string;
  readonly namespace?: string;
  readonly channel?: string;
}

export interface UsageRange {
  /** Milliseconds since 1970, half-open, whole hours. */
  readonly from: number;
  readonly to: number;
  readonly granularity: UsageQuery['granularity'];
  readonly groups: readonly UsageGroup[];
  readonly app: string | undefined;
  readonly limit: number;
}

const COLUMNS = { app: 'app_id', key: 'key_id', namespace: 'namespace', channel: 'channel' };
const LARGEST = METER_NAMES.filter((meter) => METERS[meter].aggregation === 'max');

/** What one tenant used, added up in the database; row-level security picks its rows. */
export function usageRows(tx: Tx, range: UsageRange): Promise<UsageRow[]> {
  const { groups, granularity, app } = range;
  const byChannel = groups.includes('channel') || groups.includes('namespace');
  const table = Prisma.raw(byChannel ? 'usage_channel_hour' : 'usage_hour');
  const bucket =
    granularity === 'total'
      ? Prisma.sql`to_timestamp(${range.from / 1000}::double precision)`
      : Prisma.sql`date_trunc(${granularity}, hour, 'UTC')`;
  const named = groups.map((group) => Prisma.raw(`, ${COLUMNS[group]} AS "${group}"`));
  const places = groups.map((_, index) => Prisma.raw(`, ${index + 4}`));
  // What a tenant has as a whole belongs to none of its apps.
  const ofApps = groups.length > 0 ? Prisma.sql`AND app_id <> ''` : Prisma.empty;
  const ofApp = app === undefined ? Prisma.empty : Prisma.sql`AND app_id = ${app}`;
  return tx.$queryRaw<UsageRow[]>`
    SELECT ${bucket} AS bucket, meter,
      (CASE WHEN meter = ANY(${LARGEST}) THEN max(units) ELSE sum(units) END)::bigint AS units
      ${join(named)}
    FROM ${table}
    WHERE hour >= to_timestamp(${range.from / 1000}::double precision)
      AND hour < to_timestamp(${range.to / 1000}::double precision)
      ${ofApps} ${ofApp}
    GROUP BY 1, 2 ${join(places)}
    ORDER BY 1, 2 ${join(places)}
    LIMIT ${range.limit}`;
}

function join(parts: readonly Prisma.Sql[]): Prisma.Sql {
  return parts.length === 0 ? Prisma.empty : Prisma.join([...parts], ' ');
}
