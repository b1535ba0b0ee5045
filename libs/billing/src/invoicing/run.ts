import type { Database, Invoice, Log, Tx } from '#database';
import { expireCredits } from '../credits/credits.js';
import type { BillingHooks } from '../hooks.js';
import type { FinalInvoice, PaymentProvider } from '../payments/port.js';
import { Subscriptions } from '../plans/subscriptions.js';
import { fillDraft } from './draft.js';
import type { Failpoint } from './failpoints.js';
import { finalise } from './finalise.js';

/** A draft of a year's usage is worked out and written in one transaction. */
const LONG = { timeoutMs: 60_000 };
/** Clocks further apart than this: one of them is wrong, and nothing that cannot be taken back is done. */
const CLOCKS_APART_MS = 300_000;
const BATCH = 200;

export interface InvoicingOptions {
  readonly database: Database;
  readonly hooks: BillingHooks;
  readonly providers: readonly PaymentProvider[];
  readonly log: Log;
  /** A second clock; the database's own unless a test says otherwise. */
  readonly reference?: () => Promise<number>;
  /** Milliseconds by which `hooks.now` is ahead of the second clock on purpose; nothing unless said. */
  readonly movedMs?: () => number;
  readonly failpoint?: Failpoint;
}

/**
 * Closes periods, draws up invoices, makes them final after their grace and hands them to who collects.
 * Each step is one transaction that finds by itself what is left to do: a run that dies anywhere, or two
 * at the same time, end in the same books.
 */
export class InvoicingRun {
  private readonly subscriptions: Subscriptions;
  private readonly failpoint: Failpoint;

  constructor(private readonly options: InvoicingOptions) {
    this.subscriptions = new Subscriptions(options.hooks);
    this.failpoint = options.failpoint ?? (() => undefined);
  }

  /** @returns how many steps were done; false when clocks disagree and nothing was. */
  async run(): Promise<number | false> {
    if (!(await this.clocksAgree())) return false;
    await this.options.database.asSystem((tx) => expireCredits(tx, this.options.hooks), LONG);
    const begun = await this.beginMissing();
    const closed = await this.closePeriods();
    const drawn = await this.drawDrafts();
    const final = await this.makeFinal();
    const collected = await this.collect();
    return begun + closed + drawn + final + collected;
  }

  private async clocksAgree(): Promise<boolean> {
    const { reference = () => databaseNow(this.options.database), hooks, log } = this.options;
    const then = await reference();
    const apart = Math.abs(then + (this.options.movedMs?.() ?? 0) - hooks.now());
    if (apart <= CLOCKS_APART_MS) return true;
    log.error(
      `No invoice is drawn up: this machine's clock and the database's are ${Math.round(apart / 1000)} s apart. Set them right; it goes on by itself.`,
    );
    return false;
  }

  /** A tenant that was given a plan by its row alone is billed from now on. */
  private async beginMissing(): Promise<number> {
    const { database } = this.options;
    const without = await database.asSystem(
      (tx) =>
        tx.tenant.findMany({
          where: { planId: { not: null }, status: { not: 'closed' }, subscription: null },
          select: { id: true, planId: true },
          take: BATCH,
        }),
      LONG,
    );
    for (const { id, planId } of without) {
      await database.asSystem(async (tx) => {
        const known = await tx.subscription.findUnique({ where: { tenantId: id } });
        if (!known && planId !== null) await this.subscriptions.begin(tx, id, planId);
      }, LONG);
    }
    return without.length;
  }

  private async closePeriods(): Promise<number> {
    const { database, hooks } = this.options;
    const now = new Date(hooks.now());
    const due = await database.asSystem(
      (tx) =>
        tx.subscription.findMany({
          where: {
            state: { not: 'cancelled' },
            OR: [
              { provider: 'invoice', periodEnd: { lte: now } },
              { tenant: { status: 'closed' } },
            ],
          },
          select: { tenantId: true, tenant: { select: { status: true } } },
          take: BATCH,
          orderBy: { periodEnd: 'asc' },
        }),
      LONG,
    );
    for (const { tenantId, tenant } of due) {
      this.failpoint('close:begun');
      await database.asSystem(async (tx) => {
        // Several periods behind: each has an invoice of its own.
        while (await this.subscriptions.roll(tx, tenantId));
        if (tenant.status === 'closed') await this.subscriptions.end(tx, tenantId);
        this.failpoint('close:noted');
      }, LONG);
      this.failpoint('close:done');
    }
    return due.length;
  }

  private drawDrafts(): Promise<number> {
    const { hooks } = this.options;
    const due = { state: 'draft', drawnAt: null, periodEnd: { lte: new Date(hooks.now()) } };
    return this.each(due, 'draw', async (tx, invoice) => {
      if (invoice.drawnAt === null) await fillDraft(tx, hooks, invoice, this.failpoint);
    });
  }

  private makeFinal(): Promise<number> {
    const { hooks } = this.options;
    return this.each(
      {
        state: 'draft',
        drawnAt: { not: null },
        finalizesAt: { lte: new Date(hooks.now()) },
      },
      'final',
      (tx, invoice) => finalise(tx, hooks, invoice, this.failpoint),
    );
  }

  private async each(
    where: object,
    step: 'draw' | 'final',
    work: (tx: Tx, invoice: Invoice) => Promise<void>,
  ): Promise<number> {
    const { database } = this.options;
    // By period: an earlier one is final before a later one looks for what to correct.
    const due = await database.asSystem((tx) =>
      tx.invoice.findMany({
        where,
        select: { id: true },
        orderBy: [{ periodStart: 'asc' }, { id: 'asc' }],
        take: BATCH,
      }),
    );
    for (const { id } of due) {
      this.failpoint(`${step}:begun`);
      await database.asSystem(async (tx) => {
        await tx.$executeRaw`SELECT FROM invoice WHERE id = ${id} FOR UPDATE`;
        const invoice = await tx.invoice.findFirst({ where: { id, state: 'draft' } });
        if (invoice) await work(tx, invoice);
      }, LONG);
      this.failpoint(`${step}:done`);
    }
    return due.length;
  }

  private async collect(): Promise<number> {
    const { database, providers, hooks, log } = this.options;
    let done = 0;
    for (const provider of providers) {
      const due = await database.asSystem((tx) =>
        tx.invoice.findMany({
          where: { provider: provider.name, state: { in: ['open', 'paid'] }, collectedAt: null },
          include: { lines: { orderBy: { n: 'asc' } } },
          orderBy: { number: 'asc' },
          take: BATCH,
        }),
      );
      for (const invoice of due) {
        this.failpoint('collect:begun');
        try {
          await provider.collect(invoice as unknown as FinalInvoice);
        } catch (error) {
          log.warn(
            `Invoice ${invoice.number} could not be handed to ${provider.name} (${(error as Error).message}); it is tried again.`,
          );
          continue;
        }
        this.failpoint('collect:asked');
        await database.asSystem((tx) =>
          tx.invoice.updateMany({
            where: { id: invoice.id, collectedAt: null },
            data: { collectedAt: new Date(hooks.now()) },
          }),
        );
        this.failpoint('collect:done');
        done++;
      }
    }
    return done;
  }
}

async function databaseNow(database: Database): Promise<number> {
  const [row] = await database.asSystem(
    (tx) => tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`,
  );
  return row?.now.getTime() ?? Number.NaN;
}
