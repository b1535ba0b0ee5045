import { setTimeout as delay } from 'node:timers/promises';
import { Database, type Tx, type WebhookEndpoint } from '#database';
import { lendDatabase } from '../../../database/src/testing/lent-database.js';
import { silent } from '../../../database/src/testing/postgres.js';
import { Attempts, type DisabledEndpoint } from '../attempts.js';
import { Sender, type Outcome, type OutgoingRequest } from '../outgoing-request.js';
import { newSigningSecret } from '../signature.js';
import { WebhookWorker } from '../worker.js';
import { ManualQueue } from './manual-queue.js';
import { Receiver } from './receiver.js';

/** A database, a customer's server, and the worker between them. Its time stands still until a test moves it. */
export class WebhookWorld {
  ahead = 0;
  private readonly began = Date.now();
  readonly disabled: DisabledEndpoint[] = [];
  readonly queue = new ManualQueue(() => this.now());
  /** Stands around every exchange: a test cuts in here. */
  around: (send: () => Promise<Outcome>) => Promise<Outcome> = (send) => send();
  worker: WebhookWorker;
  private readonly sender = new Sender({ allowPrivate: true, timeoutMs: 5_000 });
  private made = 0;

  private constructor(
    readonly database: Database,
    readonly receiver: Receiver,
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {
    this.worker = this.newWorker();
  }

  static async start(): Promise<WebhookWorld> {
    const postgres = await lendDatabase();
    const database = new Database({ url: postgres.url, log: silent });
    // The first query of all takes its time.
    await database.asSystem((tx) => tx.tenant.count(), { timeoutMs: 30_000 });
    await database.withTenant('ten_none', (tx) => tx.tenant.count(), { timeoutMs: 30_000 });
    const receiver = await Receiver.start();
    return new WebhookWorld(database, receiver, postgres.url, async () => {
      await receiver.stop();
      await database.close();
      await postgres.giveBack();
    });
  }

  now(): number {
    return this.began + this.ahead;
  }

  stop(): Promise<void> {
    return this.end();
  }

  attempts(): Attempts {
    return new Attempts({
      database: this.database,
      send: (request: OutgoingRequest) => this.around(() => this.sender.send(request)),
      openSecret: (sealed) => sealed,
      onDisabled: (_tx: Tx, endpoint) => {
        this.disabled.push(endpoint);
        return Promise.resolve();
      },
      now: () => this.now(),
      random: () => 0.5,
    });
  }

  /** As after a restart: what was in memory is gone. */
  newWorker(): WebhookWorker {
    const attempts = this.attempts();
    void this.queue.start((job) => attempts.make(job));
    return new WebhookWorker({
      database: this.database,
      queue: this.queue,
      attempts,
      now: () => this.now(),
      fault: () => undefined,
    });
  }

  async tenant(): Promise<string> {
    const id = `ten_${++this.made}`;
    await this.database.asSystem(async (tx) => {
      await tx.tenant.create({ data: { id, name: id, limits: {} } });
      await tx.app.create({ data: { id: `app_${id}`, tenantId: id, name: 'app' } });
    });
    return id;
  }

  async endpoint(
    tenantId: string,
    fields: Partial<WebhookEndpoint> = {},
  ): Promise<WebhookEndpoint> {
    const made = await this.database.asSystem((tx) =>
      tx.webhookEndpoint.create({
        data: {
          id: `whk_${++this.made}`,
          tenantId,
          url: this.receiver.url,
          events: ['key.created'],
          secret: newSigningSecret(),
          createdBy: 'usr_x',
          ...fields,
        },
      }),
    );
    // An event of the same millisecond is one from before for a database that rounds up.
    await delay(2);
    return made;
  }

  /** Moves everything on until there is nothing to do at this time. */
  async settle(): Promise<void> {
    for (;;) {
      const moved = await this.worker.step();
      const due = this.queue.jobs.some(({ at }) => at.getTime() <= this.now());
      if (moved === 0 && !due) return;
      await this.queue.pump();
    }
  }

  deliveries(endpointId: string) {
    return this.database.asSystem((tx) =>
      tx.webhookDelivery.findMany({ where: { endpointId }, orderBy: { seq: 'asc' } }),
    );
  }

  async counted(tenantId: string): Promise<number> {
    const rows = await this.database.asSystem((tx) =>
      tx.usageHour.findMany({ where: { tenantId, meter: 'webhook_deliveries' } }),
    );
    return rows.reduce((sum, { units }) => sum + Number(units), 0);
  }
}
