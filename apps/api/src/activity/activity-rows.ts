import { addCounts, NO_COUNTS, type ActivityCounts } from '#contracts';
import { Prisma, type Tx } from '#database';

export interface ActivityRange {
  readonly stepSeconds: number;
  /** Milliseconds since 1970, half-open. */
  readonly from: number;
  readonly to: number;
  readonly app: string | undefined;
}

/** What one tenant's apps did together, by the beginning of each step; row-level security picks its rows. */
export async function activityRows(
  tx: Tx,
  { stepSeconds, from, to, app }: ActivityRange,
): Promise<Map<number, ActivityCounts>> {
  const wanted = Prisma.sql`step_seconds = ${stepSeconds}
    AND at >= to_timestamp(${from / 1000}::double precision)
    AND at < to_timestamp(${to / 1000}::double precision)
    ${app === undefined ? Prisma.empty : Prisma.sql`AND app_id = ${app}`}`;
  const sums = await tx.$queryRaw<
    { at: Date; published: bigint; delivered: bigint; holds: bigint }[]
  >`
    SELECT at, sum(published)::bigint AS published, sum(delivered)::bigint AS delivered,
      sum(holds)::bigint AS holds
    FROM activity WHERE ${wanted} GROUP BY at`;
  const waits = await tx.$queryRaw<{ at: Date; i: number; n: bigint }[]>`
    SELECT at, i::integer AS i, sum(n)::bigint AS n
    FROM activity, unnest(latency) WITH ORDINALITY AS told (n, i)
    WHERE ${wanted} AND n > 0 GROUP BY at, i`;
  const errors = await tx.$queryRaw<{ at: Date; code: string; n: bigint }[]>`
    SELECT at, code, sum(n::bigint)::bigint AS n
    FROM activity, jsonb_each_text(errors) AS told (code, n)
    WHERE ${wanted} GROUP BY at, code`;

  const found = new Map<number, ActivityCounts>();
  const note = (at: Date, counts: Partial<ActivityCounts>) => {
    const known = found.get(at.getTime()) ?? NO_COUNTS;
    found.set(at.getTime(), addCounts(known, { ...NO_COUNTS, ...counts }));
  };
  for (const { at, published, delivered, holds } of sums) {
    note(at, {
      published: Number(published),
      delivered: Number(delivered),
      holds: Number(holds),
    });
  }
  for (const { at, i, n } of waits) {
    note(at, { latency: [...new Array<number>(i - 1).fill(0), Number(n)] });
  }
  for (const { at, code, n } of errors) note(at, { errors: { [code]: Number(n) } });
  return found;
}
