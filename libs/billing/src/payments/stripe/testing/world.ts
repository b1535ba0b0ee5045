import { Pricing, type Meter } from '#contracts';
import { Database, type Tx, type TxOptions } from '#database';
import { lendDatabase } from '../../../../../database/src/testing/lent-database.js';
import { silent } from '../../../../../database/src/testing/postgres.js';
import { FakeStripe } from '../../../../../../test/fakes/stripe/fake-stripe.js';
import type { BillingHooks } from '../../../hooks.js';
import { InvoicingRun } from '../../../invoicing/run.js';
import { stripeClient } from '../client.js';
import { isKnownEvent, objectOfEvent } from '../event-handlers.js';
import { StripeAdapter } from '../stripe-adapter.js';

export const HOUR = 3_600_000;
export const START = new Date('2026-11-01T00:00:00Z');

/** Every way in which a meter can be priced, those that Stripe has no words for too. */
export const PRICING = Pricing.parse({
  included: { messages_published: '1000' },
  currencies: {
    USD: {
      base: { month: '29000000', year: '290000000' },
      meters: {
        messages_published: {
          mode: 'graduated',
          tiers: [
            { upTo: '10000', amountMicro: '2500', per: '1' },
            { upTo: null, amountMicro: '1000', per: '1' },
          ],
        },
        messages_delivered: {
          mode: 'flat',
          tiers: [{ upTo: null, amountMicro: '330000', per: '1000' }],
        },
        held_minutes: { mode: 'flat', tiers: [{ upTo: null, amountMicro: '70000', per: '1000' }] },
        peak_holds: { mode: 'flat', tiers: [{ upTo: null, amountMicro: '15000', per: '1' }] },
      },
    },
  },
  trialDays: 0,
  public: true,
});

export interface World {
  readonly fake: FakeStripe;
  readonly database: Database;
  readonly hooks: BillingHooks;
  /** What the endpoints of tenants were told. */
  readonly told: string[];
  /** Errors that were logged. */
  readonly alarms: string[];
  readonly adapter: StripeAdapter;
  /** Another process: the same books, nothing remembered. A step that throws is where it dies. */
  process(step?: (name: string) => void, database?: Database): StripeAdapter;
  /** A tenant that has gone through checkout. */
  subscribe(tenantId: string, trialDays?: number): Promise<void>;
  use(tenantId: string, meter: Meter, hour: number, units: bigint, keyId?: string): Promise<void>;
  /** Hands every event that Stripe had since the last time to the handlers. */
  news(adapter?: StripeAdapter): Promise<void>;
  /** Draws up, makes final, collects. */
  invoicing(adapter?: StripeAdapter): Promise<void>;
  stop(): Promise<void>;
}

/** A machine that is busy with other tests is no fault of what is tested here. */
export class PatientDatabase extends Database {
  override asSystem<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T> {
    return super.asSystem(work, { ...options, timeoutMs: 60_000 });
  }
}

/** A ledger on a PostgreSQL of its own, and a Stripe beside it; both on the fake’s clock. */
export async function startWorld(): Promise<World> {
  const [postgres, fake] = [await lendDatabase(), await new FakeStripe(START).start()];
  const database = new PatientDatabase({ url: postgres.url, log: silent });
  const told: string[] = [];
  const alarms: string[] = [];
  const now = () => fake.clock.now();
  const hooks: BillingHooks = {
    now,
    emit: (_tx, { type, key }) => Promise.resolve(void told.push(`${type} ${key}`)),
    audit: () => Promise.resolve(),
  };
  const log = { ...silent, error: (text: string) => void alarms.push(text) };
  const process: World['process'] = (step, books = database) => {
    const stripe = stripeClient({ secretKey: 'sk_test_fake', host: fake.url }, 2_000);
    const parts = { stripe, database: books, log, now, ...(step ? { step } : {}) };
    return new StripeAdapter(parts, hooks);
  };
  const adapter = process();
  await database.asSystem((tx) =>
    tx.plan.create({
      data: { id: 'business', name: 'Business', pricing: PRICING },
    }),
  );
  let seen = 0;

  const news: World['news'] = async (by = adapter) => {
    // Working on news makes more of it.
    while (seen < fake.account.events.length) {
      const event = fake.account.events[seen];
      if (event && isKnownEvent(event.type)) {
        await by.handlers.handle(event.type, objectOfEvent(event));
      }
      seen++;
    }
  };
  return {
    ...{ fake, database, hooks, told, alarms, adapter, process, news },
    async subscribe(tenantId, trialDays = 0) {
      await database.asSystem((tx) =>
        tx.tenant.upsert({
          where: { id: tenantId },
          create: { id: tenantId, name: tenantId, limits: {} },
          update: {},
        }),
      );
      await adapter.provider.checkout({ ...order(tenantId), trialDays });
      const session = [...fake.account.sessions.keys()].at(-1) ?? '';
      fake.completeCheckout(session);
      await news();
    },
    async use(tenantId, meter, hour, units, keyId = 'key') {
      const at = new Date(START.getTime() + hour * HOUR);
      await database.asSystem(
        (tx) => tx.$executeRaw`
          INSERT INTO usage_hour (tenant_id, app_id, key_id, meter, hour, units)
          VALUES (${tenantId}, 'app', ${keyId}, ${meter}, ${at}, ${units})
          ON CONFLICT (tenant_id, meter, hour, app_id, key_id)
          DO UPDATE SET units = usage_hour.units + ${units}`,
      );
    },
    async invoicing(by = adapter) {
      await new InvoicingRun({
        database: by.parts.database,
        hooks,
        providers: [by.provider],
        log,
        reference: () => Promise.resolve(now()),
      }).run();
    },
    async stop() {
      await fake.stop();
      await database.close();
      await postgres.giveBack();
    },
  };
}

export function order(tenantId: string) {
  return {
    tenantId,
    planId: 'business',
    interval: 'month' as const,
    currency: 'USD',
    email: null,
    trialDays: 0,
    successUrl: 'https://example.test/done',
    cancelUrl: 'https://example.test/back',
  };
}
