import pg from 'pg';
import { backoffMs } from './backoff.js';
import { withinReason } from './deadline.js';
import type { Log } from './log.js';

export interface ConfigChange {
  /** The newest version, or null after a (re)connection: anything may have changed. */
  readonly version: number | null;
}

/** How often the connection is asked for a sign of life: a dead one brings no notification and no error. */
const HEARTBEAT_MS = 10_000;
const ANSWER_MS = 2000;

/**
 * Hears of configuration changes on a connection of its own, for as long as somebody listens. A lost
 * connection is made anew; whoever listens is then called, because nothing tells what was missed.
 */
export class ConfigListener {
  private readonly listeners = new Set<(change: ConfigChange) => void>();
  private client: pg.Client | null = null;
  private heartbeat: NodeJS.Timeout | null = null;
  private retry: NodeJS.Timeout | null = null;
  private attempt = 0;
  private closed = false;
  private running: Promise<void> | null = null;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  add(listener: (change: ConfigChange) => void): () => void {
    if (this.closed) throw new Error('This database was closed; make a new one to listen');
    this.listeners.add(listener);
    if (this.listeners.size === 1 && this.client === null && this.retry === null) this.connect();
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.listeners.clear();
    if (this.retry) clearTimeout(this.retry);
    if (this.heartbeat) clearInterval(this.heartbeat);
    const client = this.client;
    this.client = null;
    // A connection that is still being made cannot be ended, only awaited; it gives up by itself.
    await this.running;
    if (client) await withinReason(client.end());
  }

  private connect(): void {
    this.retry = null;
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: 'holdline listener',
    });
    this.client = client;
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('PostgreSQL ended the connection')));
    client.on('notification', ({ payload }) =>
      this.tell({ version: payload ? Number(payload) : null }),
    );
    this.running = client
      .connect()
      .then(() => client.query('LISTEN holdline_config'))
      .then(
        () => this.connected(client),
        (error: Error) => this.lost(client, error),
      );
  }

  private connected(client: pg.Client): void {
    if (this.closed || this.client !== client) return;
    if (this.attempt > 0) this.log.info('Configuration changes are heard again.');
    this.attempt = 0;
    this.heartbeat = setInterval(() => {
      client.query('SELECT 1').catch((error: Error) => this.lost(client, error));
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
    this.tell({ version: null });
  }

  private lost(client: pg.Client, error: Error): void {
    if (this.client !== client || this.closed) return;
    this.client = null;
    if (this.heartbeat) clearInterval(this.heartbeat);
    client.end().catch(() => undefined);
    if (this.attempt === 0) {
      this.log.warn(
        `Configuration changes are not heard for now (${error.message}); connecting again.`,
      );
    }
    this.retry = setTimeout(() => this.connect(), backoffMs(this.attempt++));
  }

  private tell(change: ConfigChange): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.log.error(`A listener for configuration changes failed: ${String(error)}`);
      }
    }
  }
}
