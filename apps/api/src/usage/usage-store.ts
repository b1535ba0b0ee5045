import { Inject, Injectable } from '@nestjs/common';
import { namespaceOf, type UsageRows, type UsageSlice } from '#contracts';
import { Database, type Tx } from '#database';

/** Channels of one app told apart in one hour; the others share the empty name. */
const CHANNELS = 10_000;

type KeyRow = UsageRows['keys'][number];
type ChannelRow = UsageRows['channels'][number];
type TenantRow = UsageRows['tenants'][number];

/**
 * Where usage is kept. A slice is added in the transaction that moves its source's mark, and only onto
 * the mark that it goes on from: applied twice, or by two processes, it counts once (P6).
 */
@Injectable()
export class UsageStore {
  constructor(@Inject(Database) private readonly database: Database) {}

  async marks(): Promise<Record<string, number>> {
    const rows = await this.database.asSystem((tx) => tx.meterMark.findMany());
    return Object.fromEntries(rows.map(({ source, position }) => [source, Number(position)]));
  }

  /** False, and nothing changed: somebody else has moved the mark. */
  apply(slice: UsageSlice): Promise<boolean> {
    const { source, from, through, rows } = slice;
    return this.database.asSystem(
      async (tx) => {
        if (!(await this.moveMark(tx, source, from, through))) return false;
        if (rows.keys.length > 0) await addKeys(tx, rows.keys);
        if (rows.channels.length > 0) await addChannels(tx, rows.channels);
        if (rows.tenants.length > 0) await raiseTenants(tx, rows.tenants);
        return true;
      },
      { timeoutMs: 20_000 },
    );
  }

  /**
   * Everything up to a moment is counted, of all these sources at once: said of one of them before the
   * others are stored, it would be taken for all.
   */
  async complete(slices: readonly Pick<UsageSlice, 'source' | 'completeTo'>[]): Promise<void> {
    await this.database.asSystem(async (tx) => {
      for (const { source, completeTo } of slices) {
        if (completeTo === null) continue;
        await tx.meterMark.updateMany({
          where: { source, completeTo: { lt: new Date(completeTo) } },
          data: { completeTo: new Date(completeTo) },
        });
      }
    });
  }

  /** False when the mark stands elsewhere. Those who come at once wait for each other. */
  private async moveMark(tx: Tx, source: string, from: number, through: number): Promise<boolean> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`usage:${source}`}, 0))`;
    const mark = await tx.meterMark.findUnique({ where: { source } });
    if (Number(mark?.position ?? 0n) !== from) return false;
    const position = BigInt(through);
    await tx.meterMark.upsert({
      where: { source },
      create: { source, position, completeTo: new Date(0) },
      update: { position },
    });
    return true;
  }
}

async function addKeys(tx: Tx, rows: readonly KeyRow[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO usage_hour (tenant_id, app_id, key_id, meter, hour, units)
    SELECT app.tenant_id, app.id, row.key, row.meter, to_timestamp(row.hour / 1000.0), row.units
    FROM unnest(
      ${rows.map(({ app }) => app)}::text[], ${rows.map(({ key }) => key)}::text[],
      ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ hour }) => hour)}::bigint[],
      ${rows.map(({ units }) => units)}::bigint[]
    ) AS row (app, key, meter, hour, units)
    JOIN app ON app.id = row.app
    ON CONFLICT (tenant_id, meter, hour, app_id, key_id)
    DO UPDATE SET units = usage_hour.units + EXCLUDED.units`;
}

/** The largest stands, of a meter that takes the largest. */
async function raiseTenants(tx: Tx, rows: readonly TenantRow[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO usage_hour (tenant_id, app_id, key_id, meter, hour, units)
    SELECT tenant.id, '', '', row.meter, to_timestamp(row.hour / 1000.0), row.units
    FROM unnest(
      ${rows.map(({ tenant }) => tenant)}::text[], ${rows.map(({ meter }) => meter)}::text[],
      ${rows.map(({ hour }) => hour)}::bigint[], ${rows.map(({ units }) => units)}::bigint[]
    ) AS row (tenant, meter, hour, units)
    JOIN tenant ON tenant.id = row.tenant
    ON CONFLICT (tenant_id, meter, hour, app_id, key_id)
    DO UPDATE SET units = greatest(usage_hour.units, EXCLUDED.units)`;
}

async function addChannels(tx: Tx, rows: readonly ChannelRow[]): Promise<void> {
  const told = await toldApart(tx, rows);
  await tx.$executeRaw`
    INSERT INTO usage_channel_hour (tenant_id, app_id, namespace, channel, meter, hour, units)
    SELECT app.tenant_id, app.id, row.namespace, row.channel, row.meter,
      to_timestamp(row.hour / 1000.0), sum(row.units)
    FROM unnest(
      ${told.map(({ app }) => app)}::text[], ${told.map(({ namespace }) => namespace)}::text[],
      ${told.map(({ channel }) => channel)}::text[], ${told.map(({ meter }) => meter)}::text[],
      ${told.map(({ hour }) => hour)}::bigint[], ${told.map(({ units }) => units)}::bigint[]
    ) AS row (app, namespace, channel, meter, hour, units)
    JOIN app ON app.id = row.app
    GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (tenant_id, meter, hour, app_id, namespace, channel)
    DO UPDATE SET units = usage_channel_hour.units + EXCLUDED.units`;
}

/** An app with more channels in an hour than are told apart has the new ones under the empty name. */
async function toldApart(
  tx: Tx,
  rows: readonly ChannelRow[],
): Promise<(ChannelRow & { namespace: string })[]> {
  const named = rows.map((row) => ({ ...row, namespace: namespaceOf(row.channel) }));
  const apps = [...new Set(rows.map(({ app }) => app))];
  const hours = [...new Set(rows.map(({ hour }) => hour))].map((hour) => new Date(hour));
  const room = { appId: { in: apps }, hour: { in: hours } };
  const known = await tx.usageChannelHour.groupBy({
    by: ['appId', 'hour', 'meter'],
    where: room,
    _count: true,
  });
  const id = (app: string, hour: number, meter: string) => `${app}\n${hour}\n${meter}`;
  const counts = new Map(
    known.map((row) => [id(row.appId, row.hour.getTime(), row.meter), row._count]),
  );
  const news = new Map<string, number>();
  for (const row of named) {
    const of = id(row.app, row.hour, row.meter);
    news.set(of, (news.get(of) ?? 0) + 1);
  }
  const isFull = (of: string) => (counts.get(of) ?? 0) + (news.get(of) ?? 0) > CHANNELS;
  if (![...news.keys()].some(isFull)) return named;
  const there = await tx.usageChannelHour.findMany({
    where: room,
    select: { appId: true, hour: true, meter: true, channel: true },
  });
  const kept = new Set(
    there.map((row) => `${id(row.appId, row.hour.getTime(), row.meter)}\n${row.channel}`),
  );
  return named.map((row) => {
    const of = id(row.app, row.hour, row.meter);
    if (!isFull(of) || kept.has(`${of}\n${row.channel}`)) return row;
    const count = counts.get(of) ?? 0;
    if (count >= CHANNELS) return { ...row, channel: '' };
    counts.set(of, count + 1);
    return row;
  });
}
