import type { Meter } from '#contracts';
import type { Tx } from '#database';
import { HOUR_MS } from '../../hours.js';
import { toQuantity } from './amounts.js';
import type { Differences } from './differences.js';
import { askedToWaitMs, faultText, verdictOf } from './errors.js';
import { theirHour } from './hour-summary.js';
import type { StripeMeters } from './meters.js';
import { eventName, hourIdentifier } from './names.js';
import type { StripeParts } from './parts.js';

/** Longer than any request can take: after that whoever had it in hand is gone. */
const CLAIM_MS = 60_000;
const BATCH = 50;
const PAST_MS = 35 * 24 * HOUR_MS;
/** As long as Stripe surely knows an identifier and a key. */
const KNOWN_MS = 23 * HOUR_MS;
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = HOUR_MS;

interface Claimed {
  readonly tenantId: string;
  readonly meter: Meter;
  readonly hour: Date;
  readonly version: number;
  readonly units: bigint;
  readonly attempts: number;
  readonly spentKeys: number;
  readonly begunAt: Date;
  /** null: the tenant has no customer any more. */
  readonly customerId: string | null;
}

/**
 * Sends the outbox. An hour's total is absolute and replaces what Stripe has of the hour, so that an
 * attempt of unknown outcome is simply made again, for as long as Stripe takes the hour. Of an hour only
 * the newest version is sent, and never two at once: an older one cannot overwrite it.
 */
export class HourSender {
  constructor(
    private readonly parts: StripeParts,
    private readonly meters: StripeMeters,
    private readonly differences: Differences,
  ) {}

  /** @returns how many were in hand: call again while it is not 0 */
  async run(): Promise<number> {
    const claimed = await this.claim();
    if (claimed.length > 0) this.parts.step?.('hours claimed');
    for (const row of claimed) await this.send(row);
    return claimed.length;
  }

  private claim(): Promise<Claimed[]> {
    const now = new Date(this.parts.now());
    const until = new Date(now.getTime() + CLAIM_MS);
    return this.parts.database.asSystem(async (tx) => {
      // One claims at a time: two that chose at the same moment could each take a version of one hour.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('stripe_hour'))`;
      await tx.$executeRaw`
        UPDATE stripe_hour old SET state = 'superseded' FROM stripe_hour new
        WHERE old.state = 'pending' AND (old.claimed_until IS NULL OR old.claimed_until <= ${now})
          AND (new.tenant_id, new.meter, new.hour) = (old.tenant_id, old.meter, old.hour)
          AND new.version > old.version`;
      return tx.$queryRaw<Claimed[]>`
        UPDATE stripe_hour h SET claimed_until = ${until}, attempts = attempts + 1,
          begun_at = coalesce(begun_at, ${now})
        FROM (
          SELECT p.tenant_id, p.meter, p.hour, p.version FROM stripe_hour p
          WHERE p.state = 'pending' AND p.next_at <= ${now}
            AND NOT EXISTS (
              SELECT FROM stripe_hour o
              WHERE (o.tenant_id, o.meter, o.hour) = (p.tenant_id, p.meter, p.hour)
                AND o.claimed_until > ${now}
            )
          ORDER BY p.hour LIMIT ${BATCH}
        ) due
        WHERE (h.tenant_id, h.meter, h.hour, h.version) = (due.tenant_id, due.meter, due.hour, due.version)
        RETURNING h.tenant_id AS "tenantId", h.meter, h.hour, h.version, h.units, h.attempts,
          h.spent_keys AS "spentKeys", h.begun_at AS "begunAt",
          (SELECT customer_id FROM stripe_customer c
           WHERE c.tenant_id = h.tenant_id AND c.deleted_at IS NULL) AS "customerId"`;
    });
  }

  private async send(row: Claimed): Promise<void> {
    const { now, step } = this.parts;
    const timestamp = row.hour.getTime() / 1000 + 1;
    if (row.customerId === null) return this.end(row, 'refused', 'The customer is gone at Stripe.');
    if (timestamp * 1000 < now() - PAST_MS) {
      return this.end(row, 'expired', 'Stripe takes no hours that are older than 35 days.');
    }
    let { spentKeys } = row;
    try {
      // What was tried a day ago may be there: the same identifier would no longer be recognised.
      if (now() - row.begunAt.getTime() >= KNOWN_MS) {
        if (await this.isThere(row, row.customerId)) return await this.sent(row);
        spentKeys++;
      }
      await this.tell(row, row.customerId, spentKeys);
    } catch (error) {
      return this.failed({ ...row, spentKeys }, error);
    }
    step?.('hour taken by Stripe');
    await this.sent(row);
    step?.('hour noted as sent');
  }

  private async tell(row: Claimed, customer: string, spentKeys: number): Promise<void> {
    const identifier = hourIdentifier(row);
    await this.meters.ensure(row.meter);
    await this.parts.stripe.billing.meterEvents.create(
      {
        event_name: eventName(row.meter),
        identifier,
        timestamp: row.hour.getTime() / 1000 + 1,
        payload: {
          stripe_customer_id: customer,
          value: toQuantity(row.meter, row.units).toString(),
        },
      },
      { idempotencyKey: spentKeys === 0 ? identifier : `${identifier}:r${spentKeys}` },
    );
  }

  private async failed(row: Claimed, error: unknown): Promise<void> {
    switch (verdictOf(error)) {
      case 'done':
        return this.sent(row);
      case 'refused':
      case 'missing':
        return this.end(row, 'refused', faultText(error));
      case 'new-key':
        return this.later(row, error, row.spentKeys + 1);
      default:
        return this.later(row, error, row.spentKeys);
    }
  }

  private async isThere(row: Claimed, customer: string): Promise<boolean> {
    const meter = await this.meters.ensure(row.meter);
    const theirs = await theirHour(this.parts.stripe, meter, customer, row.hour);
    return theirs === Number(toQuantity(row.meter, row.units).toString());
  }

  private async sent(row: Claimed): Promise<void> {
    const sentAt = new Date(this.parts.now());
    await this.parts.database.asSystem(async (tx) => {
      await store(tx, row, { state: 'sent', sentAt, fault: null });
      // It may have been refused before, under another key or as an older version.
      if (row.spentKeys > 0 || row.version > 1)
        await this.differences.settle(tx, versionsOf(row).map(refusalKey));
    });
  }

  private async later(row: Claimed, error: unknown, spentKeys: number): Promise<void> {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (row.attempts - 1), LAST_WAIT_MS);
    const nextAt = new Date(this.parts.now() + Math.max(wait, askedToWaitMs(error)));
    await this.parts.database.asSystem((tx) =>
      store(tx, row, { nextAt, spentKeys, fault: faultText(error) }),
    );
  }

  private async end(row: Claimed, state: 'refused' | 'expired', fault: string): Promise<void> {
    await this.differences.raise({
      key: refusalKey(row),
      kind: 'hour',
      tenantId: row.tenantId,
      ours: toQuantity(row.meter, row.units).toString(),
      theirs: 'not taken',
      note: `${fault} The invoice of the period may be held back until the hour is sent again, or given up: under Reconciliation.`,
    });
    await this.parts.database.asSystem((tx) => store(tx, row, { state, fault }));
  }
}

/** What the difference of an hour is called that Stripe did not take. */
export function refusalKey(row: Parameters<typeof hourIdentifier>[0]): string {
  return `hour:${hourIdentifier(row)}`;
}

/** This version of an hour’s total and those before it. */
export function versionsOf<T extends { readonly version: number }>(row: T): T[] {
  return Array.from({ length: row.version }, (_, n) => ({ ...row, version: n + 1 }));
}

async function store(tx: Tx, row: Claimed, data: Record<string, unknown>): Promise<void> {
  const { tenantId, meter, hour, version } = row;
  await tx.stripeHour.update({
    where: { tenantId_meter_hour_version: { tenantId, meter, hour, version } },
    data: { ...data, claimedUntil: null },
  });
}
