import { Inject, Injectable } from '@nestjs/common';
import { refusalKey, versionsOf } from '#billing';
import { Problem, type ForgoHourBody, type RetryHourBody } from '#contracts';
import { Database, type StripeHour, type Tx } from '#database';
import { AuditTrail } from '../audit/audit-trail.js';
import { OperatorTrail } from '../audit/operator-trail.js';
import { Clock } from '../data/clock.js';
import { missing } from '../http/validation.js';
import { StripeService } from '../stripe/stripe.service.js';
import type { OperatorOrigin } from './current-operator.js';

/** As long as Stripe takes hours. */
const REACH_MS = 35 * 24 * 3_600_000;

/** What an operator does where Stripe and the ledger do not say the same. */
@Injectable()
export class DifferencesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(StripeService) private readonly stripe: StripeService,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OperatorTrail) private readonly trail: OperatorTrail,
  ) {}

  /** @throws Problem not_found when there is no such difference, or it is settled */
  settle(operator: OperatorOrigin, id: string, note: string): Promise<void> {
    return this.database.asSystem(async (tx) => {
      const known = await tx.stripeDifference.findUnique({ where: { key: id } });
      if (!known || known.settledAt !== null) throw missing('open difference');
      const settledAt = new Date(this.clock.now());
      await tx.stripeDifference.update({
        where: { key: id },
        data: { settledAt, settledBy: operator.id, settledNote: note },
      });
      const { tenantId, ours, theirs } = known;
      const fact = {
        ...{ action: 'difference.settled', target: id },
        ...{ before: { ours, theirs }, after: { note } },
      };
      await (tenantId === null
        ? this.trail.record(tx, operator, fact)
        : this.audit.record(tx, { ...operator, tenantId }, fact));
    });
  }

  /**
   * What Stripe refused is sent again under another key, since it keeps its answer to the first.
   * @throws Problem not_found; conflict where the hour is not refused any more, or too old
   */
  async retry(operator: OperatorOrigin, named: RetryHourBody): Promise<void> {
    const now = new Date(this.clock.now());
    await this.database.asSystem(async (tx) => {
      const row = await notTaken(tx, named);
      if (row.hour.getTime() < now.getTime() - REACH_MS) {
        throw new Problem(
          'conflict',
          'Stripe takes no hours that are older than 35 days, so that it cannot be sent any more. Give it up instead: a line on the invoice charges it.',
        );
      }
      const again = { state: 'pending', fault: null, nextAt: now, claimedUntil: null, attempts: 0 };
      await tx.stripeHour.update({
        where: { tenantId_meter_hour_version: keyOf(row) },
        data: { ...again, spentKeys: { increment: 1 } },
      });
      await this.told(tx, operator, row, 'stripe-hour.retried');
    });
    this.stripe.jobs?.hurry();
  }

  /** @throws Problem not_found; conflict where the hour is not refused any more */
  async forgo(operator: OperatorOrigin, { note, ...named }: ForgoHourBody): Promise<void> {
    const settledAt = new Date(this.clock.now());
    await this.database.asSystem(async (tx) => {
      const row = await notTaken(tx, named);
      await tx.stripeHour.update({
        where: { tenantId_meter_hour_version: keyOf(row) },
        data: { state: 'forgone' },
      });
      await tx.stripeDifference.updateMany({
        where: { key: { in: versionsOf(row).map(refusalKey) }, settledAt: null },
        data: { settledAt, settledBy: operator.id, settledNote: note },
      });
      await this.told(tx, operator, row, 'stripe-hour.forgone', { note });
    });
    this.stripe.jobs?.hurry();
  }

  /** @throws Problem not_found; conflict where it did not fail. It belongs to no tenant. */
  async retryEvent(operator: OperatorOrigin, id: string): Promise<void> {
    const now = new Date(this.clock.now());
    await this.database.asSystem(async (tx) => {
      const known = await tx.stripeEvent.findUnique({ where: { id } });
      if (!known) throw missing('event');
      const again = { state: 'pending', attempts: 0, nextAt: now, claimedUntil: null };
      const { count } = await tx.stripeEvent.updateMany({
        where: { id, state: 'failed' },
        data: again,
      });
      if (count === 0) {
        throw new Problem('conflict', `This event is ${known.state}: it has not failed.`);
      }
      await this.trail.record(tx, operator, { action: 'stripe-event.retried', target: id });
    });
    this.stripe.jobs?.poke();
  }

  private told(
    tx: Tx,
    operator: OperatorOrigin,
    { tenantId, meter, hour, units, state, fault }: StripeHour,
    action: string,
    after?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(
      tx,
      { ...operator, tenantId },
      {
        action,
        target: `${meter} ${hour.toISOString()}`,
        before: { state, fault, units: String(units) },
        ...(after && { after }),
      },
    );
  }
}

/** The newest total of the hour, which Stripe did not take. Nobody else can change it meanwhile. */
async function notTaken(tx: Tx, { tenantId, meter, hour }: RetryHourBody): Promise<StripeHour> {
  const at = new Date(hour);
  await tx.$executeRaw`
    SELECT FROM stripe_hour WHERE tenant_id = ${tenantId} AND meter = ${meter} AND hour = ${at}
    FOR UPDATE`;
  const row = await tx.stripeHour.findFirst({
    where: { tenantId, meter, hour: at },
    orderBy: { version: 'desc' },
  });
  if (!row) throw missing('hour');
  if (row.state !== 'refused' && row.state !== 'expired') {
    throw new Problem('conflict', `The newest total of this hour is ${row.state}, not refused.`);
  }
  return row;
}

const keyOf = ({ tenantId, meter, hour, version }: StripeHour) => ({
  ...{ tenantId, meter, hour, version },
});
