import { Inject, Injectable } from '@nestjs/common';
import type { Reconciliation } from '#contracts';
import { uncleared } from '#billing';
import { Database, type Tx } from '#database';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { Settings } from '../settings.js';
import {
  invoicesAgainstLedger,
  ledgerBalances,
  nothingUncleared,
  paymentsAgree,
} from './book-checks.js';
import { notTaken } from './refused-hours.js';
import { eventsAreWorkedOn, hoursAreSent, noDifference, usageIsCounted } from './outside-checks.js';

/** The sums run over everything that was ever posted. */
const LONG = { timeoutMs: 10_000 };
const SHOWN = 100;

/** Whether usage, ledger, invoices, payments and Stripe say the same. */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(JobBook) private readonly jobs: JobBook,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  show(): Promise<Reconciliation> {
    const now = this.clock.now();
    const asOf = new Date(now).toISOString();
    const isConnected = this.settings.stripe !== null;
    const around = { jobs: this.jobs, now, isConnected };
    return this.database.asSystem(async (tx) => {
      const open = await uncleared(tx);
      const hours = await notTaken(tx, SHOWN);
      const named = await namesOf(tx, [...open, ...hours]);
      return {
        asOf,
        stripe: isConnected ? 'connected' : 'not connected',
        checks: [
          ...[
            await ledgerBalances(tx),
            await invoicesAgainstLedger(tx),
            await paymentsAgree(tx),
            nothingUncleared(open.length),
          ].map((check) => ({ ...check, lastRunAt: asOf })),
          await usageIsCounted(tx, around),
          await hoursAreSent(tx, around),
          await eventsAreWorkedOn(tx, around),
          await noDifference(tx, around),
        ],
        uncleared: open.slice(0, SHOWN).map(({ tenantId, amountMicro, ...row }) => ({
          tenant: named(tenantId),
          ...row,
          amountMicro: String(amountMicro),
        })),
        failedEvents: await failedEvents(tx),
        refusedHours: hours.map(({ tenantId, ...hour }) => ({ tenant: named(tenantId), ...hour })),
      };
    }, LONG);
  }
}

async function namesOf(tx: Tx, rows: readonly { readonly tenantId: string }[]) {
  const tenants = await tx.tenant.findMany({
    where: { id: { in: [...new Set(rows.map(({ tenantId }) => tenantId))] } },
    select: { id: true, name: true },
  });
  const named = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return (id: string) => named.get(id) ?? { id, name: id };
}

async function failedEvents(tx: Tx): Promise<Reconciliation['failedEvents']> {
  const rows = await tx.stripeEvent.findMany({
    where: { state: 'failed' },
    orderBy: [{ receivedAt: 'desc' }, { id: 'asc' }],
    take: SHOWN,
  });
  return rows.map(({ id, type, objectId, receivedAt, fault }) => ({
    ...{ id, type, objectId },
    receivedAt: receivedAt.toISOString(),
    fault: fault ?? '',
  }));
}
