import { Inject, Injectable } from '@nestjs/common';
import { InvoicingRun, moneyText, type LevelChange } from '#billing';
import type { Logger } from '#platform';
import { JobBook } from '../data/job-book.js';
import { LOG } from '../data/log.js';
import { BillingParts, PaymentProviders } from './billing-parts.js';
import { Mailer } from './mailer.js';

/** Milliseconds between two looks at the budgets, and between two rounds of invoicing. */
const GUARD_MS = 2_000;
const INVOICING_MS = 60_000;
const RETRY_MAX_MS = 60_000;

const TOLD = {
  ok: 'is no longer reached',
  warned: 'is four fifths used up',
  degraded: 'is nine tenths used up: delivery is coalesced from now on, as you chose',
  stopped: 'is used up: publishing and receiving have stopped, as you chose',
} as const satisfies Record<LevelChange['level'], string>;

/** What time alone brings about: budgets are looked at, periods end, invoices become final. */
@Injectable()
export class BillingWorker {
  private stopped = false;
  private readonly pauses = new Set<() => void>();
  private running: Promise<unknown> | null = null;

  constructor(
    @Inject(BillingParts) private readonly parts: BillingParts,
    @Inject(PaymentProviders) private readonly providers: PaymentProviders,
    @Inject(Mailer) private readonly mailer: Mailer,
    @Inject(LOG) private readonly log: Logger,
    @Inject(JobBook) private readonly jobs: JobBook,
  ) {
    parts.clock.onMove(() => this.wake());
  }

  start(): void {
    this.running ??= Promise.all([
      this.loop('budgets could not be looked at', GUARD_MS, () =>
        this.jobs.watch('budgets', () => this.guard()),
      ),
      this.loop('invoices could not be drawn up', INVOICING_MS, () =>
        this.jobs.watch('invoices', () => this.invoice()),
      ),
    ]);
  }

  async close(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  /** Looks at every budget once; who is concerned gets an e-mail for each new level. */
  async guard(): Promise<void> {
    for (const change of await this.parts.guard.run()) await this.tell(change);
  }

  /** @param reference a second clock; the database's own unless a test says otherwise */
  async invoice(reference?: () => Promise<number>): Promise<void> {
    const { log } = this;
    await new InvoicingRun({
      database: this.parts.database,
      hooks: this.parts.hooks,
      providers: this.providers.all,
      movedMs: () => (reference === undefined ? this.parts.clock.movedMs : 0),
      log: {
        info: (text: string) => log.info(text),
        warn: (text: string) => log.warn(text),
        error: (text: string) => log.error(text),
      },
      ...(reference === undefined ? {} : { reference }),
    }).run();
  }

  private async tell(change: LevelChange): Promise<void> {
    const { tenantId, appId, level, usedMicro, maxMicro, currency } = change;
    const of = appId === null ? 'Your budget' : `The budget of the app ${appId}`;
    try {
      await this.mailer.send({
        to: await this.parts.recipients(tenantId),
        subject: `${of} ${TOLD[level]}`,
        text: `${of} of ${moneyText(maxMicro, currency)} ${TOLD[level]}. Used in this period: ${moneyText(usedMicro, currency)}. A higher budget holds at once.`,
      });
    } catch (error) {
      this.log.warn({ err: error, tenantId }, 'an e-mail about a budget could not be sent');
    }
  }

  private async loop(failed: string, everyMs: number, work: () => Promise<void>): Promise<void> {
    const { clock } = this.parts;
    let wait = everyMs;
    while (!this.stopped) {
      const { movedMs } = clock;
      try {
        await work();
        wait = everyMs;
      } catch (error) {
        wait = Math.min(RETRY_MAX_MS, wait * 2);
        this.log.warn({ err: error }, `${failed}; trying again in ${wait} ms. Nothing is lost.`);
      }
      // Moved meanwhile: what it did was by the time before.
      if (clock.movedMs === movedMs) await this.pause(wait);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.pauses.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.pauses.add(done);
      if (this.stopped) done();
    });
  }

  private wake(): void {
    for (const done of [...this.pauses]) done();
  }
}
