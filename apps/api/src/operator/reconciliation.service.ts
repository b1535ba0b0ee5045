import { Inject, Injectable } from '@nestjs/common';
import { Problem, type Meter, type Reconciliation, type RetryHourBody } from '#contracts';
import { uncleared } from '#billing';
import { Database, type Tx } from '#database';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../data/clock.js';
import { missing } from '../http/validation.js';
import { Settings } from '../settings.js';
import { StripeService } from '../stripe/stripe.service.js';
import type { OperatorOrigin } from './current-operator.js';

/** The sums run over everything that was ever posted. */
const LONG = { timeoutMs: 10_000 };
const SHOWN = 100;
/** Stripe's summaries lag by an hour or so; what is older than this is stuck. */
const LATE_MS = 3 * 3_600_000;

type Check = Reconciliation['checks'][number];

/** Whether usage, ledger, invoices and Stripe say the same, and what an operator does where they do not. */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(StripeService) private readonly stripe: StripeService,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  show(): Promise<Reconciliation> {
    const now = this.clock.now();
    return this.database.asSystem(async (tx) => {
      const open = await uncleared(tx);
      const hours = await tx.stripeHour.findMany({
        where: { state: { in: ['refused', 'expired'] } },
        orderBy: [{ hour: 'desc' }, { tenantId: 'asc' }, { meter: 'asc' }, { version: 'desc' }],
        take: SHOWN,
      });
      const ids = [...open, ...hours].map(({ tenantId }) => tenantId);
      const tenants = await tx.tenant.findMany({
        where: { id: { in: ids } },
        select: { id: true, name: true },
      });
      const named = (id: string) => tenants.find((tenant) => tenant.id === id) ?? { id, name: id };
      return {
        asOf: new Date(now).toISOString(),
        stripe: this.settings.stripe === null ? 'not connected' : 'connected',
        checks: [
          await ledgerBalances(tx),
          await invoicesAgainstLedger(tx),
          nothingUncleared(open.length),
          await usageIsCounted(tx, now),
          await hoursAreSent(tx, now),
          await eventsAreWorkedOn(tx),
          await noDifference(tx),
        ],
        uncleared: open.slice(0, SHOWN).map(({ tenantId, amountMicro, ...row }) => ({
          tenant: named(tenantId),
          ...row,
          amountMicro: String(amountMicro),
        })),
        refusedHours: hours.map(({ tenantId, meter, hour, units, state, fault }) => ({
          tenant: named(tenantId),
          meter: meter as Meter,
          hour: hour.toISOString(),
          units: String(units),
          state: state as 'refused' | 'expired',
          fault: fault ?? '',
        })),
      };
    }, LONG);
  }

  /** @throws Problem not_found when there is no such difference, or it is settled */
  settle(operator: OperatorOrigin, id: string, note: string): Promise<void> {
    return this.database.asSystem(async (tx) => {
      const known = await tx.stripeDifference.findUnique({ where: { key: id } });
      if (!known || known.settledAt !== null) throw missing('open difference');
      await tx.stripeDifference.update({
        where: { key: id },
        data: {
          settledAt: new Date(this.clock.now()),
          note: `${known.note} Settled by ${operator.id}: ${note}`,
        },
      });
      const { tenantId, ours, theirs } = known;
      if (tenantId === null) return;
      await this.audit.record(
        tx,
        { ...operator, tenantId },
        { action: 'difference.settled', target: id, before: { ours, theirs }, after: { note } },
      );
    });
  }

  /**
   * What Stripe refused is sent again under another key, since it keeps its answer to the first.
   * @throws Problem not_found; conflict where the hour is not refused any more
   */
  async retry(operator: OperatorOrigin, { tenantId, meter, hour }: RetryHourBody): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const at = new Date(hour);
      const row = await tx.stripeHour.findFirst({
        where: { tenantId, meter, hour: at },
        orderBy: { version: 'desc' },
      });
      if (!row) throw missing('hour');
      const { version, state, fault } = row;
      if (state !== 'refused' && state !== 'expired') {
        throw new Problem('conflict', `The newest total of this hour is ${state}, not refused.`);
      }
      await tx.stripeHour.update({
        where: { tenantId_meter_hour_version: { tenantId, meter, hour: at, version } },
        data: {
          state: 'pending',
          fault: null,
          nextAt: new Date(this.clock.now()),
          claimedUntil: null,
          attempts: 0,
          spentKeys: { increment: 1 },
        },
      });
      await this.audit.record(
        tx,
        { ...operator, tenantId },
        {
          action: 'stripe-hour.retried',
          target: `${meter} ${at.toISOString()}`,
          before: { state, fault },
        },
      );
    });
    this.stripe.jobs?.hurry();
  }
}

async function ledgerBalances(tx: Tx): Promise<Check> {
  const [row] = await tx.$queryRaw<{ txs: bigint; wrong: bigint }[]>`
    SELECT count(*) AS txs, count(*) FILTER (WHERE sum <> 0) AS wrong
    FROM (SELECT sum(amount_micro) AS sum FROM entry GROUP BY tx_id, currency) t`;
  const { txs = 0n, wrong = 0n } = row ?? {};
  return {
    name: 'The ledger balances',
    compares: 'The entries of each posting add up to zero in each currency.',
    ok: wrong === 0n,
    found:
      wrong === 0n
        ? `${txs} postings were added up.`
        : `${wrong} of ${txs} postings do not. The database forbids it: restore it from a backup, and find out who wrote past it.`,
  };
}

async function invoicesAgainstLedger(tx: Tx): Promise<Check> {
  const rows = await tx.$queryRaw<{ tenant: string; owed: string; booked: string }[]>`
    WITH owed AS (
      SELECT tenant_id, currency, sum(due_micro - paid_micro) AS sum
      FROM invoice WHERE state::text NOT IN ('draft', 'void') GROUP BY 1, 2
    ), booked AS (
      SELECT a.tenant_id, a.currency, sum(e.amount_micro) AS sum
      FROM ledger_account a JOIN entry e ON e.account_id = a.id
      WHERE a.kind::text = 'receivable' GROUP BY 1, 2
    )
    SELECT coalesce(o.tenant_id, b.tenant_id) AS tenant, coalesce(o.sum, 0)::text AS owed,
      coalesce(b.sum, 0)::text AS booked
    FROM owed o FULL JOIN booked b ON (b.tenant_id, b.currency) = (o.tenant_id, o.currency)
    WHERE coalesce(o.sum, 0) <> coalesce(b.sum, 0) LIMIT 5`;
  return {
    name: 'Invoices and ledger agree',
    compares: 'What final invoices still ask for is what the ledger says is receivable.',
    ok: rows.length === 0,
    found:
      rows.length === 0
        ? 'Each tenant’s open invoices add up to its receivable account.'
        : `They differ for ${rows.map(({ tenant, owed, booked }) => `${tenant} (invoices ${owed}, ledger ${booked} millionths)`).join(', ')}. Look at its ledger.`,
  };
}

function nothingUncleared(count: number): Check {
  return {
    name: 'Nothing is left in clearing',
    compares: 'Clearing accounts are at zero once usage is invoiced and money has arrived.',
    ok: count === 0,
    found:
      count === 0
        ? 'All are at zero.'
        : `${count} are not (below). A payment on its way does this for some days; what stays has to be looked at.`,
  };
}

async function usageIsCounted(tx: Tx, now: number): Promise<Check> {
  const marks = await tx.meterMark.findMany({ orderBy: { completeTo: 'desc' } });
  const newest = marks[0]?.completeTo.getTime();
  const late = newest === undefined || now - newest > LATE_MS;
  return {
    name: 'Usage is counted',
    compares: 'How far the log and the usage journals were read.',
    ok: !late,
    found:
      newest === undefined
        ? 'Nothing was read yet. Is a delivery server running?'
        : `Read up to ${new Date(newest).toISOString()} from ${marks.length} sources.${late ? ' That is too long ago: look at Nodes.' : ''}`,
  };
}

async function hoursAreSent(tx: Tx, now: number): Promise<Check> {
  const groups = await tx.stripeHour.groupBy({ by: ['state'], _count: true });
  const count = (state: string) => groups.find((row) => row.state === state)?._count ?? 0;
  const oldest = await tx.stripeHour.findFirst({
    where: { state: 'pending' },
    orderBy: { hour: 'asc' },
  });
  const stuck = oldest !== null && now - oldest.hour.getTime() > LATE_MS + 3_600_000;
  const lost = count('refused') + count('expired');
  return {
    name: 'Stripe has every hour',
    compares: 'Sealed hours and what was reported to Stripe.',
    ok: lost === 0 && !stuck,
    found: `${count('sent')} sent, ${count('pending')} waiting${oldest ? ` since ${oldest.hour.toISOString()}` : ''}, ${lost} refused${lost > 0 ? ': mend what Stripe says is wrong, then send them again' : ''}.`,
  };
}

async function eventsAreWorkedOn(tx: Tx): Promise<Check> {
  const groups = await tx.stripeEvent.groupBy({ by: ['state'], _count: true });
  const count = (state: string) => groups.find((row) => row.state === state)?._count ?? 0;
  const failed = count('failed');
  return {
    name: 'Stripe’s events are worked on',
    compares: 'The inbox of events.',
    ok: failed === 0,
    found: `${count('done')} done, ${count('pending')} waiting, ${failed} failed${failed > 0 ? ': the log says why' : ''}.`,
  };
}

async function noDifference(tx: Tx): Promise<Check> {
  const open = await tx.stripeDifference.count({ where: { settledAt: null } });
  return {
    name: 'No difference is open',
    compares: 'Hours, invoices and payments here and at Stripe.',
    ok: open === 0,
    found: open === 0 ? 'None is.' : `${open} are, below, each with what to do.`,
  };
}
