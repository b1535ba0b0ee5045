import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { internalIdentity, Secrets } from '#access';
import { EmbeddedPostgres } from '#database';
import type { Config } from '#platform';
import { ensureDataDir, lockDataDir, type DataDirLock } from './data-dir.js';
import { greeting } from './greeting.js';
import { awaitOrphans, noteServers } from './orphans.js';
import { prepareDatabase } from './prepare-database.js';
import type { Voice } from './say.js';
import { ServerProcess } from './server-process.js';
import { untilReady } from './until-ready.js';

/**
 * Delivery makes a request and an answer for each of thousands of holds at once. In V8's default young
 * generation (16 MB a half) they are copied to the old one before they die; with room they die young.
 */
const FLAGS = { api: [], delivery: ['--max-semi-space-size=64'] };

/** Milliseconds the servers may drain before they are ended: with PostgreSQL's stop it stays below 10 s. */
const DRAIN_MS = 8000;

/** Milliseconds that delivery may take to hear of its tenants before people are told without it. */
const READY_MS = 10_000;

/**
 * Starts what makes up one Holdline and keeps it running: PostgreSQL, delivery, api. Delivery depends on
 * neither of the others to stay up, so nothing that happens to them touches it.
 */
export class Launcher {
  private readonly postgres: EmbeddedPostgres | null;
  private readonly delivery: ServerProcess;
  private api: ServerProcess | null = null;
  private lock: DataDirLock | null = null;
  private controlPlane: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;

  constructor(
    private readonly config: Config,
    private readonly env: NodeJS.ProcessEnv,
    private readonly voice: Voice,
  ) {
    const { dataDir, databaseUrl } = config;
    this.postgres = databaseUrl === null ? new EmbeddedPostgres({ dataDir, log: voice }) : null;
    // Delivery never talks to PostgreSQL: it does not get to know where it is.
    this.delivery = this.server('delivery', { DATABASE_URL: undefined });
  }

  /** Resolves once everything serves. @throws StartError and the libs' own, with what to do. */
  async start(): Promise<void> {
    const { config, voice } = this;
    await voice.phase('data directory', async () => {
      ensureDataDir(config.dataDir);
      this.lock = await lockDataDir(config.dataDir, voice);
      await awaitOrphans(config.dataDir, voice);
      // Made here, before there are two servers that could both make it.
      Secrets.load(config);
    });
    if (this.stopping) return;
    const delivery = voice.phase('delivery serves', () => this.delivery.start());
    this.controlPlane = this.startControlPlane();
    await Promise.all([delivery, this.controlPlane]);
    if (this.stopping) return;
    const { host, deliveryPort: port } = config;
    // What is printed now must work when it is pasted at once.
    const ready = await voice.phase('delivery knows its tenants', () =>
      untilReady(
        {
          host,
          port,
          tls: config.tls !== null,
          identity: internalIdentity(Secrets.load(config)),
        },
        READY_MS,
      ),
    );
    if (!ready) voice.warn(`delivery is not ready yet; ${config.deliveryUrl}/readyz says why.`);
    if (!this.stopping) process.stdout.write(greeting({ ...config, tls: config.tls !== null }));
  }

  get isStopping(): boolean {
    return this.stopping !== null;
  }

  /** Drains the servers, then stops PostgreSQL; within 10 s. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  /** Ends everything now. What was acknowledged is on disk. */
  kill(): void {
    for (const server of this.servers()) server.kill();
    const pid = this.postgres?.pid;
    if (pid) process.kill(pid, 'SIGINT');
  }

  private async startControlPlane(): Promise<void> {
    const { postgres, voice, config } = this;
    if (postgres) await voice.phase('PostgreSQL runs', () => postgres.start());
    if (this.stopping) return;
    const url = postgres ? postgres.url : (config.databaseUrl ?? '');
    await voice.phase('database is up to date', () => prepareDatabase(url, voice));
    if (this.stopping) return;
    const api = this.server('api', { DATABASE_URL: url });
    this.api = api;
    await voice.phase('api serves', () => api.start());
  }

  private async drain(): Promise<void> {
    const servers = this.servers();
    const drained = Promise.all(servers.map((server) => server.stop()));
    const late = new AbortController();
    const inTime = await Promise.race([
      drained.then(() => true),
      delay(DRAIN_MS, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    if (!inTime) {
      this.voice.warn(
        `Draining took longer than ${DRAIN_MS / 1000} s; ending what is left. Nothing acknowledged is lost.`,
      );
      for (const server of servers) server.kill();
      await drained;
    }
    // A database that is just being made would go on writing after us.
    await this.controlPlane?.catch(() => undefined);
    await this.postgres?.stop();
    this.lock?.release();
  }

  private servers(): ServerProcess[] {
    return this.api ? [this.delivery, this.api] : [this.delivery];
  }

  private server(name: 'api' | 'delivery', env: NodeJS.ProcessEnv): ServerProcess {
    return new ServerProcess({
      name,
      script: fileURLToPath(new URL(`../../${name}/src/main.js`, import.meta.url)),
      flags: FLAGS[name],
      env: { ...this.env, HOLDLINE_DATA_DIR: this.config.dataDir, ...env },
      voice: this.voice,
      changed: () => this.note(),
    });
  }

  private note(): void {
    const running = this.servers().flatMap(({ name, pid, script }) =>
      pid ? [{ name, pid, script }] : [],
    );
    noteServers(this.config.dataDir, running, this.voice);
  }
}
