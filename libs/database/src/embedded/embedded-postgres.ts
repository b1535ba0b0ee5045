import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { backoffMs } from '../backoff.js';
import type { Log } from '../log.js';
import { findBinaries } from './binaries.js';
import { ensureCluster, ensureDatabase, urlOf, type Passwords } from './cluster.js';
import { EmbeddedPostgresError } from './fault.js';
import { clearPredecessor, shutDown } from './postmaster.js';
import { findRunAs, type RunAs } from './run-as.js';
import { ServerLog } from './server-log.js';
import { settings } from './settings.js';

export { EmbeddedPostgresError } from './fault.js';

export interface EmbeddedPostgresOptions {
  /** Everything is kept in its folder `postgres`. One process at a time may use it. */
  readonly dataDir: string;
  readonly log: Log;
  /**
   * False: nothing waits for the disk, and a power cut can destroy everything (a killed process cannot).
   * For tests, which are bound by the disk otherwise. Default true.
   */
  readonly durable?: boolean;
  /** Default 50: one Holdline's pools, twice over. */
  readonly maxConnections?: number;
}

/** A running server's process and the promise of its end. */
interface Server {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<void>;
  alive: boolean;
}

const POLL_MS = 20;
/** Recovery after a crash may take long; silence beyond this is a fault. */
const READY_MS = 120_000;
const START_ATTEMPTS = 8;
/** A server that lived this long counts as healthy: the next restart waits the least again. */
const HEALTHY_MS = 10_000;

/** Faults of a start that pass by themselves. */
const PASSING =
  /pre-existing shared memory block|could not bind|could not create any TCP\/IP sockets|Address already in use/;

/**
 * A PostgreSQL of our own on a free port of 127.0.0.1, restarted when it dies. It runs in a process
 * group of its own, so that Ctrl-C in a terminal reaches us and not it: we stop it, last.
 */
export class EmbeddedPostgres {
  private readonly home: string;
  private readonly cluster: string;
  private readonly log: Log;
  private readonly durable: boolean;
  private readonly maxConnections: number;
  private readonly serverLog: ServerLog;
  private setup: { runAs: RunAs; program: string; passwords: Passwords } | null = null;
  private port = 0;
  private server: Server | null = null;
  private stopping: Promise<void> | null = null;
  private supervising: Promise<void> | null = null;
  private readonly wakes = new AbortController();

  constructor({ dataDir, log, durable = true, maxConnections = 50 }: EmbeddedPostgresOptions) {
    this.durable = durable;
    this.maxConnections = maxConnections;
    this.home = join(dataDir, 'postgres');
    this.cluster = join(this.home, 'cluster');
    this.log = log;
    this.serverLog = new ServerLog(join(dataDir, 'postgres.log'));
  }

  /** Where the database is, with its password. The port stays the same across restarts while we live. */
  get url(): string {
    if (!this.setup || !this.port) throw new Error('start() comes before url');
    return urlOf('holdline', this.setup.passwords.holdline, this.port, 'holdline');
  }

  /** The server's process id; null while it is down. */
  get pid(): number | null {
    return this.server?.alive ? this.server.pid : null;
  }

  /** Makes the database on the first call, and returns once it answers. */
  async start(): Promise<void> {
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    const { postgres, initdb } = await findBinaries();
    const runAs = findRunAs(postgres, this.home, this.log);
    const passwords = await ensureCluster(this.home, initdb, runAs, this.durable);
    this.setup = { runAs, program: postgres, passwords };
    await clearPredecessor(this.cluster, this.log);
    for (let attempt = 0; ; attempt++) {
      this.port = await freePort();
      try {
        this.server = await this.launch();
        break;
      } catch (error) {
        if (attempt + 1 >= START_ATTEMPTS || !PASSING.test(String(error))) throw error;
        await delay(backoffMs(attempt));
      }
    }
    await ensureDatabase(this.port, passwords);
    this.supervising = this.supervise(this.server);
  }

  /** Fast shutdown: connections are cut, everything is written out. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      this.wakes.abort();
      const server = this.server;
      if (server?.alive) await shutDown(server.pid, () => server.alive);
      await this.supervising;
    })();
    return this.stopping;
  }

  private async supervise(first: Server): Promise<void> {
    let server = first;
    let attempt = 0;
    for (;;) {
      const since = performance.now();
      await server.ended;
      if (this.stopping) return;
      if (performance.now() - since > HEALTHY_MS) attempt = 0;
      for (;;) {
        this.log.warn(
          `PostgreSQL has stopped; starting it again in ${backoffMs(attempt)} ms. Its log: ${this.serverLog.path}`,
        );
        await delay(backoffMs(attempt++), undefined, { signal: this.wakes.signal }).catch(
          () => undefined,
        );
        if (this.stopping) return;
        try {
          await clearPredecessor(this.cluster, this.log);
          server = await this.launch();
          break;
        } catch (error) {
          if (this.stopping) return;
          this.log.error(error instanceof Error ? error.message : String(error));
        }
      }
      this.log.info('PostgreSQL runs again.');
    }
  }

  private async launch(): Promise<Server> {
    if (!this.setup) throw new Error('start() comes before launch');
    if (this.stopping)
      throw new EmbeddedPostgresError('PostgreSQL was told to stop while it started.');
    const { runAs, program, passwords } = this.setup;
    const begin = this.serverLog.size;
    const output = this.serverLog.open();
    const [command = program, ...args] = [
      ...runAs.prefix,
      program,
      '-D',
      this.cluster,
      ...settings(this.port, this.durable, this.maxConnections),
    ];
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      cwd: '/',
      ...(runAs.prefix.length === 0 && runAs.user
        ? { uid: runAs.user.uid, gid: runAs.user.gid }
        : {}),
    });
    closeSync(output);
    const server = watch(child);
    this.server = server;
    const fault = await this.untilReady(server, passwords);
    if (fault === null) return server;
    if (server.alive) await shutDown(server.pid, () => server.alive);
    throw new EmbeddedPostgresError(
      `PostgreSQL does not start (${fault}). The end of its log, ${this.serverLog.path}:\n${this.serverLog.tail(begin)}`,
    );
  }

  /** Null once it answers, or what went wrong. */
  private async untilReady(server: Server, passwords: Passwords): Promise<string | null> {
    const until = performance.now() + READY_MS;
    while (performance.now() < until) {
      if (!server.alive) return 'it ended at once';
      if (this.stopping) return 'it was told to stop';
      if (await answers(urlOf('postgres', passwords.postgres, this.port, 'postgres'))) return null;
      await delay(POLL_MS);
    }
    return `it did not answer for ${READY_MS / 1000} s`;
  }
}

function watch(child: ChildProcess): Server {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const server: Server = {
    process: child,
    pid: child.pid ?? 0,
    ended,
    alive: child.pid !== undefined,
  };
  const end = () => {
    server.alive = false;
    resolve();
  };
  child.on('exit', end);
  child.on('error', end);
  return server;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
