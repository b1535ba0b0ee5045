import type { Meter, Reconciliation } from '#contracts';
import type { Tx } from '#database';

type Shown = Omit<Reconciliation['refusedHours'][number], 'tenant'> & { readonly tenantId: string };

/** Hours whose newest total Stripe did not take, the newest first. */
export async function notTaken(tx: Tx, most: number): Promise<Shown[]> {
  type Row = Pick<Shown, 'tenantId' | 'state'> & {
    meter: string;
    hour: Date;
    units: bigint;
    fault: string | null;
  };
  const rows = await tx.$queryRaw<Row[]>`
    SELECT h.tenant_id AS "tenantId", h.meter, h.hour, h.units, h.state, h.fault FROM stripe_hour h
    WHERE h.state IN ('refused', 'expired') AND NOT EXISTS (
      SELECT FROM stripe_hour n
      WHERE (n.tenant_id, n.meter, n.hour) = (h.tenant_id, h.meter, h.hour) AND n.version > h.version
    )
    ORDER BY h.hour DESC, h.tenant_id, h.meter LIMIT ${most}`;
  return rows.map(({ tenantId, meter, hour, units, state, fault }) => ({
    ...{ tenantId, state },
    meter: meter as Meter,
    hour: hour.toISOString(),
    units: String(units),
    fault: fault ?? '',
  }));
}

export async function countNotTaken(tx: Tx): Promise<number> {
  const [row] = await tx.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) FROM stripe_hour h
    WHERE h.state IN ('refused', 'expired') AND NOT EXISTS (
      SELECT FROM stripe_hour n
      WHERE (n.tenant_id, n.meter, n.hour) = (h.tenant_id, h.meter, h.hour) AND n.version > h.version
    )`;
  return Number(row?.count ?? 0);
}
