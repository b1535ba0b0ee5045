import type { Reconciliation } from '#contracts';
import type { Tx } from '#database';
import type { JobBook } from '../data/job-book.js';
import { stripeJob } from '../stripe/stripe-jobs.js';
import { verdict } from './book-checks.js';
import { countNotTaken } from './refused-hours.js';

type Check = Reconciliation['checks'][number];

export interface Around {
  readonly jobs: Pick<JobBook, 'of'>;
  readonly now: number;
  /** To Stripe. */
  readonly isConnected: boolean;
}

const HOUR_MS = 3_600_000;
/** What is not counted or sent by then is stuck. */
const LATE_MS = 3 * HOUR_MS;
/** About as many attempts as an hour’s total has by then, at the pace of HourSender. */
const MANY_ATTEMPTS = 12;

export async function usageIsCounted(tx: Tx, around: Around): Promise<Check> {
  const name = 'Usage is counted';
  const compares = 'How far the log and the usage journals were read.';
  const lastRunAt = endOf(around, 'usage');
  const marks = await tx.meterMark.findMany({ orderBy: { completeTo: 'desc' } });
  const newest = marks[0]?.completeTo.getTime();
  if (newest === undefined) {
    const found = 'Nothing was read yet. Is a delivery server running?';
    return { ...{ name, compares, lastRunAt, found }, state: 'never run', open: 0 };
  }
  const isLate = around.now - newest > LATE_MS;
  const advice = isLate ? ' That is too long ago: look at Servers.' : '';
  return {
    ...{ name, compares, lastRunAt },
    ...verdict(isLate ? 1 : 0),
    found: `Read up to ${new Date(newest).toISOString()} from ${marks.length} sources.${advice}`,
  };
}

export async function hoursAreSent(tx: Tx, around: Around): Promise<Check> {
  const late = new Date(around.now - LATE_MS);
  type Row = Record<'sent' | 'compared' | 'pending' | 'stuck', bigint>;
  const [row] = await tx.$queryRaw<Row[]>`
    SELECT count(*) FILTER (WHERE state = 'sent') AS sent,
      count(*) FILTER (WHERE state = 'sent' AND reconciled_at IS NOT NULL) AS compared,
      count(*) FILTER (WHERE state = 'pending') AS pending,
      count(*) FILTER (
        WHERE state = 'pending' AND (next_at < ${late} OR attempts >= ${MANY_ATTEMPTS})
      ) AS stuck
    FROM stripe_hour`;
  const { sent = 0n, compared = 0n, pending = 0n, stuck = 0n } = row ?? {};
  const oldest = await tx.stripeHour.findFirst({
    where: { state: 'pending' },
    orderBy: { hour: 'asc' },
  });
  const lost = await countNotTaken(tx);
  const since = oldest ? ` since ${oldest.hour.toISOString()}` : '';
  const tooLong = stuck > 0n ? ` ${stuck} of them for too long: the log says why.` : '';
  const refused = lost > 0 ? ': below, each with what Stripe said' : '';
  return ofStripe(around, 'hours', {
    name: 'Stripe has every hour',
    compares: 'Sealed hours and what was reported to Stripe, and what Stripe then says of them.',
    open: lost + Number(stuck),
    found: `${sent} sent, ${compared} of them compared; ${pending} waiting${since}.${tooLong} ${lost} not taken${refused}.`,
  });
}

export async function eventsAreWorkedOn(tx: Tx, around: Around): Promise<Check> {
  const groups = await tx.stripeEvent.groupBy({ by: ['state'], _count: true });
  const count = (state: string) => groups.find((row) => row.state === state)?._count ?? 0;
  const failed = count('failed');
  return ofStripe(around, 'events', {
    name: 'Stripe’s events are worked on',
    compares: 'The inbox of events.',
    open: failed,
    found: `${count('done')} done, ${count('pending')} waiting, ${failed} failed${failed > 0 ? ': below, each with why' : ''}.`,
  });
}

export async function noDifference(tx: Tx, around: Around): Promise<Check> {
  const open = await tx.stripeDifference.count({ where: { settledAt: null } });
  return ofStripe(around, 'reconciliation', {
    name: 'No difference is open',
    compares: 'Hours, invoices and payments here and at Stripe.',
    open,
    found: open === 0 ? 'None is.' : `${open} are, below, each with what to do.`,
  });
}

/** What was found to differ stays so; what was not is worth something only once it was looked for. */
function ofStripe(around: Around, job: string, check: Omit<Check, 'state' | 'lastRunAt'>): Check {
  const lastRunAt = endOf(around, stripeJob(job));
  const { state } = verdict(check.open);
  return { ...check, lastRunAt, state: state === 'ok' && lastRunAt === null ? 'never run' : state };
}

function endOf({ jobs }: Around, job: string): string | null {
  const okAt = jobs.of(job)?.okAt ?? null;
  return okAt === null ? null : new Date(okAt).toISOString();
}
