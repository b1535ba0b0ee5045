import { Database, type Log, type Tx } from '#database';
// The one place that reaches into the lib: its test database is not part of what it offers.
import { lendDatabase, type LentDatabase } from '../../../database/src/testing/lent-database.js';
import type { BillingHooks } from '../hooks.js';
import { HOUR_MS } from '../hours.js';
import type { Failpoint } from '../invoicing/failpoints.js';
import { InvoicingRun } from '../invoicing/run.js';
import { balances } from '../ledger/balances.js';
import type { FinalInvoice, PaymentProvider } from '../payments/port.js';
import { seedPlans } from '../plans/catalogue.js';
import { Subscriptions } from '../plans/subscriptions.js';

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A provider that only notes what it was asked. */
export class NotingProvider implements PaymentProvider {
  readonly collected: FinalInvoice[] = [];
  constructor(readonly name: string) {}
  checkout = () => Promise.resolve({ url: '' });
  portal = () => Promise.resolve({ url: '' });
  reportHour = () => Promise.resolve();
  creditGrant = () => Promise.resolve();
  collect = (invoice: FinalInvoice) => {
    this.collected.push(invoice);
    return Promise.resolve();
  };
}

/** A database with the built-in plans, a clock that a test moves, and what was told. */
export class Books {
  now: number;
  readonly events: { type: string; tenantId: string; key: string; data: object }[] = [];
  readonly provider = new NotingProvider('invoice');
  readonly hooks: BillingHooks;
  readonly subscriptions: Subscriptions;
  private tenants = 0;

  private constructor(
    readonly postgres: LentDatabase,
    readonly database: Database,
    start: string,
  ) {
    this.now = Date.parse(start);
    this.hooks = {
      now: () => this.now,
      emit: (_tx, event) => {
        const known = this.events.some(
          ({ key, tenantId }) => key === event.key && tenantId === event.tenantId,
        );
        if (!known) this.events.push(event);
        return Promise.resolve();
      },
      audit: () => Promise.resolve(),
    };
    this.subscriptions = new Subscriptions(this.hooks);
  }

  static async open(start = '2026-11-01T00:00:00Z'): Promise<Books> {
    const postgres = await lendDatabase();
    const database = new Database({ url: postgres.url, log: silent });
    const books = new Books(postgres, database, start);
    await books.system(seedPlans);
    return books;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.postgres.giveBack();
  }

  /** As the system, with a patience that a busy machine does not outlast. */
  system<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.asSystem(work, { timeoutMs: 30_000 });
  }

  at(time: string): void {
    this.now = Date.parse(time);
  }

  async tenant(): Promise<string> {
    const id = `ten_${++this.tenants}`;
    await this.system((tx) => tx.tenant.create({ data: { id, name: id, limits: {} } }));
    return id;
  }

  async subscribed(planId: string): Promise<string> {
    const tenantId = await this.tenant();
    await this.system((tx) => this.subscriptions.begin(tx, tenantId, planId));
    return tenantId;
  }

  /** Usage comes in: it is added to its hour. */
  async use(
    tenantId: string,
    at: string,
    units: bigint | number,
    { meter = 'messages_published', appId = 'app_1' } = {},
  ): Promise<void> {
    const hour = new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS);
    await this.system(
      (tx) => tx.$executeRaw`
        INSERT INTO usage_hour (tenant_id, app_id, key_id, meter, hour, units)
        VALUES (${tenantId}, ${appId}, '', ${meter}, ${hour}, ${BigInt(units)})
        ON CONFLICT (tenant_id, meter, hour, app_id, key_id)
        DO UPDATE SET units = usage_hour.units + EXCLUDED.units`,
    );
  }

  invoicing(
    failpoint?: Failpoint,
    reference: () => Promise<number> = async () => this.now,
    movedMs = 0,
  ) {
    return new InvoicingRun({
      database: this.database,
      hooks: this.hooks,
      providers: [this.provider],
      log: silent,
      reference,
      movedMs: () => movedMs,
      ...(failpoint === undefined ? {} : { failpoint }),
    });
  }

  /** Runs until nothing is left to do. */
  async settle(): Promise<void> {
    while ((await this.invoicing().run()) !== 0);
  }

  invoices(tenantId: string) {
    return this.system((tx) =>
      tx.invoice.findMany({
        where: { tenantId },
        include: { lines: { orderBy: { n: 'asc' }, include: { hours: true } } },
        orderBy: [{ periodStart: 'asc' }, { revision: 'asc' }],
      }),
    );
  }

  /** Balances as plain numbers of the currency's unit, those at zero left out. */
  async balances(tenantId: string): Promise<Record<string, number>> {
    const all = await this.system((tx) => balances(tx, tenantId));
    return Object.fromEntries(
      all
        .filter(({ amountMicro }) => amountMicro !== 0n)
        .map(({ account, amountMicro }) => [account, Number(amountMicro) / 1e6]),
    );
  }
}
