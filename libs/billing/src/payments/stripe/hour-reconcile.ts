import type { Meter } from '#contracts';
import { HOUR_MS } from '../../hours.js';
import { toQuantity } from './amounts.js';
import type { Differences } from './differences.js';
import { theirHours } from './hour-summary.js';
import type { StripeMeters } from './meters.js';
import { hourIdentifier } from './names.js';
import type { StripeParts } from './parts.js';

/** Stripe's summaries are behind by some minutes; after an hour a difference is one. */
const LAG_MS = HOUR_MS;
const BATCH = 2_000;

interface SentHour {
  readonly tenantId: string;
  readonly customerId: string;
  readonly meter: Meter;
  readonly hour: Date;
  readonly version: number;
  readonly units: bigint;
}

/** Compares the hours that Stripe took with what its summaries say of them. */
export class HourReconciliation {
  constructor(
    private readonly parts: StripeParts,
    private readonly meters: StripeMeters,
    private readonly differences: Differences,
  ) {}

  /** @returns how many hours were compared, and how many differ */
  async run(): Promise<{ compared: number; different: number }> {
    const rows = await this.open();
    const groups = Map.groupBy(rows, ({ tenantId, meter }) => `${tenantId} ${meter}`);
    let different = 0;
    for (const group of groups.values()) different += await this.compare(group);
    return { compared: rows.length, different };
  }

  /** Milliseconds since the end of the oldest hour that is not reconciled; 0 when all are. */
  async age(): Promise<number> {
    const [row] = await this.parts.database.asSystem(
      (tx) => tx.$queryRaw<{ hour: Date | null }[]>`
        SELECT min(hour) AS hour FROM stripe_hour
        WHERE reconciled_at IS NULL AND state IN ('pending', 'sent')`,
    );
    return row?.hour ? this.parts.now() - row.hour.getTime() - HOUR_MS : 0;
  }

  private open(): Promise<SentHour[]> {
    const before = new Date(this.parts.now() - LAG_MS);
    return this.parts.database.asSystem(
      (tx) => tx.$queryRaw<SentHour[]>`
        SELECT h.tenant_id AS "tenantId", c.customer_id AS "customerId", h.meter, h.hour, h.version, h.units
        FROM stripe_hour h JOIN stripe_customer c USING (tenant_id)
        WHERE h.state = 'sent' AND h.reconciled_at IS NULL AND h.sent_at <= ${before}
          AND c.deleted_at IS NULL AND NOT EXISTS (
            SELECT FROM stripe_hour n
            WHERE (n.tenant_id, n.meter, n.hour) = (h.tenant_id, h.meter, h.hour) AND n.version > h.version
          )
        ORDER BY h.tenant_id, h.meter, h.hour LIMIT ${BATCH}`,
    );
  }

  private async compare(group: SentHour[]): Promise<number> {
    const [first] = group;
    const last = group.at(-1);
    if (!first || !last) return 0;
    const { stripe, database } = this.parts;
    const hours = (last.hour.getTime() - first.hour.getTime()) / HOUR_MS + 1;
    const meter = await this.meters.ensure(first.meter);
    const theirs = await theirHours(stripe, meter, first.customerId, first.hour, hours);
    const same: SentHour[] = [];
    let different = 0;
    for (const row of group) {
      const ours = Number(toQuantity(row.meter, row.units).toString());
      const value = theirs.get(row.hour.getTime()) ?? 0;
      if (value === ours) {
        same.push(row);
        continue;
      }
      different++;
      await this.differences.raise({
        key: hourKey(row),
        kind: 'hour',
        tenantId: row.tenantId,
        ours: String(ours),
        theirs: String(value),
        note: 'Stripe was told this hour’s total and says another one. It is looked at again each hour; until both agree the invoice of the period is held back.',
      });
    }
    const reconciledAt = new Date(this.parts.now());
    await database.asSystem(
      async (tx) => {
        for (const { tenantId, meter: name, hour, version } of same) {
          await tx.stripeHour.update({
            where: { tenantId_meter_hour_version: { tenantId, meter: name, hour, version } },
            data: { reconciledAt },
          });
        }
        await this.differences.settle(tx, same.map(hourKey));
      },
      { timeoutMs: 30_000 },
    );
    return different;
  }
}

/** Of the hour, whichever version is the newest. */
function hourKey(row: SentHour): string {
  return `hour:${hourIdentifier({ ...row, version: 0 })}`;
}
