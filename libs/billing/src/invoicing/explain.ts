import type { Explanation, InvoiceLineShown } from '#contracts';
import type { InvoiceLine, Tx } from '#database';

/**
 * The hours behind a line's number, and the same hours counted again from usage now.
 * @returns null when the tenant has no such line
 */
export async function explain(
  tx: Tx,
  tenantId: string,
  invoiceId: string,
  n: number,
): Promise<Explanation | null> {
  const line = await tx.invoiceLine.findFirst({
    where: { tenantId, invoiceId, n },
    include: { hours: { orderBy: { hour: 'asc' } } },
  });
  if (!line) return null;
  const { meter, fromHour, toHour } = line;
  const now = await tx.usageHour.groupBy({
    by: ['hour', 'appId'],
    where: { tenantId, meter: meter ?? '', hour: { gte: fromHour, lt: toHour } },
    _sum: { units: true },
    orderBy: [{ hour: 'asc' }, { appId: 'asc' }],
  });
  const billed = new Map(line.hours.map(({ hour, units }) => [hour.getTime(), units]));
  const apps = new Map<number, Map<string, bigint>>();
  const byApp = new Map<string, bigint>();
  for (const { hour, appId, _sum } of now) {
    const units = _sum.units ?? 0n;
    const at = hour.getTime();
    apps.set(at, (apps.get(at) ?? new Map<string, bigint>()).set(appId, units));
    byApp.set(appId, (byApp.get(appId) ?? 0n) + units);
  }
  // An adjustment is about the hours that it corrects.
  const of = line.kind === 'adjustment' ? [...billed.keys()] : [...billed.keys(), ...apps.keys()];
  const hours = [...new Set(of)]
    .sort((a, b) => a - b)
    .map((at) => ({
      at,
      billed: billed.get(at) ?? 0n,
      recounted: sum([...(apps.get(at)?.values() ?? [])]),
    }));
  const total = await billedByAll(tx, line);
  const recounted = hours.map((hour) => hour.recounted);
  return {
    line: shownLine(line),
    hours: hours.map(({ at, billed: units, recounted: again }) => ({
      hour: new Date(at).toISOString(),
      billedUnits: String(units),
      recountedUnits: String(again),
      apps: texts(apps.get(at) ?? new Map()),
    })),
    billedUnits: String(sum([...billed.values()])),
    recountedUnits: String(sum(recounted)),
    differenceUnits: String(
      sum(hours.map(({ at, recounted: again }) => again - (total.get(at) ?? 0n))),
    ),
    apps: texts(byApp),
    detail: line.detail as Record<string, unknown>,
  };
}

/** What this invoice and all final ones billed of the line's hours. */
async function billedByAll(tx: Tx, line: InvoiceLine): Promise<Map<number, bigint>> {
  const { tenantId, meter, fromHour, toHour, invoiceId } = line;
  if (meter === null) return new Map();
  const rows = await tx.invoiceLineHour.groupBy({
    by: ['hour'],
    where: {
      ...{ tenantId, hour: { gte: fromHour, lt: toHour }, line: { meter } },
      OR: [{ invoiceId }, { invoice: { state: { in: ['open', 'paid'] } } }],
    },
    _sum: { units: true },
  });
  return new Map(rows.map(({ hour, _sum }) => [hour.getTime(), _sum.units ?? 0n]));
}

export function shownLine(
  line: Pick<
    InvoiceLine,
    | 'n'
    | 'kind'
    | 'description'
    | 'fromHour'
    | 'toHour'
    | 'planId'
    | 'meter'
    | 'units'
    | 'amountMicro'
  > & { readonly detail: unknown },
): InvoiceLineShown {
  const { n, kind, description, planId, meter } = line;
  return {
    ...{ n, kind, description, planId, meter },
    from: line.fromHour.toISOString(),
    to: line.toHour.toISOString(),
    units: String(line.units),
    amountMicro: String(line.amountMicro),
    detail: line.detail as Record<string, unknown>,
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((all, value) => all + value, 0n);
}

function texts(values: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...values].map(([key, value]) => [key, String(value)]));
}
