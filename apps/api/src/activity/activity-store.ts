import { Inject, Injectable } from '@nestjs/common';
import { ACTIVITY_WINDOWS, addCounts, type ActivityCounts, type ActivitySlice } from '#contracts';
import { Database, type Tx } from '#database';

/** Milliseconds that rows stay beyond their window. */
const GRACE_MS = 600_000;
const MARKS_MS = 2 * 86_400_000;

interface Row extends ActivityCounts {
  readonly app: string;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Where activity is kept. A slice is added in the transaction that moves its node's mark, and only onto
 * the mark that it goes on from: applied twice, it counts once.
 */
@Injectable()
export class ActivityStore {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** The node that was read last, and up to where (ms since 1970). */
  async newestMark(): Promise<{ node: string; through: number } | null> {
    const mark = await this.database.asSystem((tx) =>
      tx.activityMark.findFirst({ orderBy: { through: 'desc' } }),
    );
    return mark && { node: mark.node, through: mark.through.getTime() };
  }

  /** @param from the mark that the slice was asked from. False, and nothing changed: it stands elsewhere. */
  apply({ node, buckets, through }: ActivitySlice, from: number): Promise<boolean> {
    return this.database.asSystem(
      async (tx) => {
        if (!(await moveMark(tx, node, from, through))) return false;
        const rows = rowsOf(buckets);
        if (rows.length > 0) await add(tx, rows);
        return true;
      },
      { timeoutMs: 20_000 },
    );
  }

  /** Removes what no window shows any more. */
  async sweep(now: number): Promise<void> {
    await this.database.asSystem(async (tx) => {
      for (const { step, seconds } of Object.values(ACTIVITY_WINDOWS)) {
        const before = new Date(now - seconds * 1000 - GRACE_MS);
        await tx.activity.deleteMany({ where: { stepSeconds: step, at: { lt: before } } });
      }
      await tx.activityMark.deleteMany({ where: { through: { lt: new Date(now - MARKS_MS) } } });
    });
  }
}

/** Those who come at once wait for each other. */
async function moveMark(tx: Tx, node: string, from: number, through: number): Promise<boolean> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`activity:${node}`}, 0))`;
  const mark = await tx.activityMark.findUnique({ where: { node } });
  if ((mark?.through.getTime() ?? 0) !== from) return false;
  const moved = { through: new Date(through) };
  await tx.activityMark.upsert({ where: { node }, create: { node, ...moved }, update: moved });
  return true;
}

/** Each bucket in each step, added up. */
function rowsOf(buckets: ActivitySlice['buckets']): Row[] {
  const rows = new Map<string, Row>();
  for (const { at, apps } of buckets) {
    for (const { app, ...counts } of apps) {
      for (const { step } of Object.values(ACTIVITY_WINDOWS)) {
        const start = Math.floor(at / (step * 1000)) * step * 1000;
        const id = `${step} ${start} ${app}`;
        const known = rows.get(id);
        rows.set(id, { app, step, at: start, ...(known ? addCounts(known, counts) : counts) });
      }
    }
  }
  return [...rows.values()];
}

async function add(tx: Tx, rows: readonly Row[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO activity
      (tenant_id, app_id, step_seconds, at, published, delivered, holds, latency, errors)
    SELECT app.tenant_id, app.id, row.step, to_timestamp(row.at / 1000.0), row.published,
      row.delivered, row.holds, ARRAY(
        SELECT n::bigint FROM jsonb_array_elements_text(row.latency) WITH ORDINALITY AS told (n, i)
        ORDER BY i
      ), row.errors
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
      app text, step integer, at bigint, published bigint, delivered bigint, holds bigint,
      latency jsonb, errors jsonb
    )
    JOIN app ON app.id = row.app
    ON CONFLICT (tenant_id, step_seconds, at, app_id) DO UPDATE SET
      published = activity.published + EXCLUDED.published,
      delivered = activity.delivered + EXCLUDED.delivered,
      holds = activity.holds + EXCLUDED.holds,
      latency = ARRAY(
        SELECT coalesce(had, 0) + coalesce(more, 0)
        FROM unnest(activity.latency, EXCLUDED.latency) WITH ORDINALITY AS told (had, more, i)
        ORDER BY i
      ),
      errors = (
        SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM (
          SELECT code, sum(n::bigint) AS n FROM (
            SELECT * FROM jsonb_each_text(activity.errors)
            UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.errors)
          ) AS told (code, n) GROUP BY code
        ) AS added
      )`;
}
