import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { ConfigListener, type ConfigChange } from './config-listener.js';
import { within, withinReason } from './deadline.js';
import { DatabaseUnavailable, isUnavailable } from './errors.js';
import { PrismaClient, type Prisma } from './generated/client.js';
import type { Log } from './log.js';
import { urlAs, type Role } from './roles.js';

/** A transaction: every query of Prisma's client, and nothing outside the transaction. */
export type Tx = Prisma.TransactionClient;

export interface DatabaseOptions {
  /** postgres://…; its user may change into both roles (the migrations see to that). */
  readonly url: string;
  readonly log: Log;
  /** Connections at most for each of the two roles; default 8. One more listens for changes. */
  readonly poolSize?: number;
}

export interface TxOptions {
  /** Milliseconds the whole transaction may take; default 2500, so that a caller can answer within 3 s. */
  readonly timeoutMs?: number;
}

export interface DatabaseHealth {
  readonly ok: boolean;
  /** What is wrong and what to do, when not ok. */
  readonly fault?: string;
}

const CONNECT_MS = 2000;
const DEFAULT_TX_MS = 2500;

interface Client {
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
}

/**
 * The way into PostgreSQL. There is no bare client: every query runs in a transaction that is either
 * one tenant's (row-level security shows it that tenant's rows alone) or the system's own.
 * Every call ends within its time: `isUnavailable(error)` is true when PostgreSQL is away or too slow.
 */
export class Database {
  private readonly app: Client;
  private readonly system: Client;
  private readonly listener: ConfigListener;

  constructor({ url, log, poolSize = 8 }: DatabaseOptions) {
    this.app = connect(url, 'holdline_app', poolSize, log);
    this.system = connect(url, 'holdline_system', poolSize, log);
    this.listener = new ConfigListener(urlAs(url, 'holdline_system'), log);
  }

  /**
   * Runs `work` as one tenant, in one transaction: it can neither see nor write another tenant's rows.
   * @throws whatever `work` throws, after rolling back; DatabaseUnavailable past the time.
   */
  withTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T> {
    if (tenantId === '')
      throw new TypeError('withTenant needs the id of a tenant, not an empty text');
    return inTransaction(this.app.prisma, options, async (tx) => {
      const [set] = await tx.$queryRaw<{ role: string }[]>`
        SELECT set_config('app.tenant_id', ${tenantId}, true), current_user::text AS role`;
      // A connection pooler that drops start-up options would leave us with the owner's rights.
      if (set?.role !== 'holdline_app') {
        throw new Error(
          `The database connection runs as ${set?.role} and not as holdline_app. Connect to PostgreSQL directly, or through a pooler that keeps start-up options.`,
        );
      }
      return work(tx);
    });
  }

  /** Runs `work` over every tenant's rows. For sign-in, sign-up, the configuration feed and operators alone. */
  asSystem<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T> {
    return inTransaction(this.system.prisma, options, work);
  }

  /** Asks PostgreSQL for a sign of life; answers within 2.5 s. */
  async health(): Promise<DatabaseHealth> {
    try {
      await within(DEFAULT_TX_MS, this.system.pool.query('SELECT 1'));
      return { ok: true };
    } catch (error) {
      const why = error instanceof Error && error.message ? error.message : String(error);
      return {
        ok: false,
        fault: `PostgreSQL cannot be reached (${why}). It is tried again at each request; check that it runs and that DATABASE_URL is right.`,
      };
    }
  }

  /**
   * Calls `listener` soon after any app, key, namespace, revocation or limit has changed, and after
   * every (re)connection, since changes may have been missed: reload what is newer than you have.
   * @returns a function that ends it.
   */
  onConfigChange(listener: (change: ConfigChange) => void): () => void {
    return this.listener.add(listener);
  }

  /** Ends the connections. Idempotent. */
  async close(): Promise<void> {
    await this.listener.close();
    for (const { prisma, pool } of [this.app, this.system]) {
      await withinReason(prisma.$disconnect());
      if (!pool.ending) await withinReason(pool.end());
    }
  }
}

function connect(url: string, role: Role, max: number, log: Log): Client {
  const pool = new pg.Pool({
    connectionString: urlAs(url, role),
    max,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A transaction that its process forgot must not hold the configuration lock for ever.
    idle_in_transaction_session_timeout: 10_000,
    statement_timeout: 30_000,
    application_name: `holdline ${role.slice('holdline_'.length)}`,
  });
  // Without a listener an idle connection that PostgreSQL ends would take the process down.
  pool.on('error', (error) =>
    log.warn(
      `A connection to PostgreSQL was lost (${error.message}); a new one is made when needed.`,
    ),
  );
  // `minimal`: the longer forms repeat the call's arguments, hashes among them, and end up in logs.
  return {
    prisma: new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' }),
    pool,
  };
}

async function inTransaction<T>(
  prisma: PrismaClient,
  { timeoutMs = DEFAULT_TX_MS }: TxOptions = {},
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  let late = false;
  const running = prisma.$transaction(
    async (tx) => {
      const result = await work(tx);
      // What was refused as too slow must not be stored after all; only a commit that is already on
      // its way can still be.
      if (late) throw new DatabaseUnavailable('The transaction took too long and was rolled back');
      return result;
    },
    { maxWait: CONNECT_MS, timeout: timeoutMs },
  );
  try {
    return await within(timeoutMs, running);
  } catch (error) {
    late = true;
    if (error instanceof DatabaseUnavailable || !isUnavailable(error)) throw error;
    throw new DatabaseUnavailable('PostgreSQL could not be asked', error);
  }
}
