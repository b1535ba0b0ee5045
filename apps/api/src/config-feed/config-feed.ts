import { Problem, type ConfigSnapshot } from '#contracts';
import type { ConfigRows, LoadedConfig } from './config-rows.js';
import { DeliveryNodes } from './delivery-nodes.js';

export interface ConfigSource {
  /** What is newer than a version. */
  load(since: number): Promise<LoadedConfig>;
  /** Calls back after each change, and whenever changes may have been missed. */
  onChange(listener: () => void): () => void;
}

interface FeedLog {
  warn(text: string): void;
  error(text: string): void;
}

/** After a load that failed: soon enough that a revocation still counts within a second or so. */
const RETRY_MS = 500;

/**
 * The configuration as delivery nodes get it. One copy in memory serves all of them: a change is loaded
 * once, however many wait for it, and while the database is away a node that starts anew still gets the
 * last state.
 */
export class ConfigFeed {
  private readonly apps = new Map<string, ConfigSnapshot['apps'][number]>();
  private readonly keys = new Map<string, ConfigSnapshot['keys'][number]>();
  private readonly namespaces = new Map<string, ConfigSnapshot['namespaces'][number]>();
  private readonly revocations = new Map<string, ConfigSnapshot['revocations'][number]>();
  private readonly waiting = new Set<() => void>();
  /** Who asks, and what each has. */
  readonly nodes: DeliveryNodes;
  private version = -1;
  private loading: Promise<void> | null = null;
  private again = false;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly source: ConfigSource,
    private readonly log: FeedLog,
    private readonly now: () => number,
  ) {
    this.nodes = new DeliveryNodes(now);
  }

  start(): void {
    this.stopListening = this.source.onChange(() => this.follow());
  }

  /** Answers everybody who waits; nobody waits from now on. */
  close(): void {
    this.closed = true;
    this.stopListening();
    clearTimeout(this.retry);
    this.wake();
  }

  /** The newest version that was loaded; null: none yet. */
  get newest(): number | null {
    return this.version < 0 ? null : this.version;
  }

  /** How many delivery nodes wait for a change now. */
  get holds(): number {
    return this.waiting.size;
  }

  /**
   * What is newer than `since`, as soon as there is something; after `waitMs` an empty answer.
   * @throws Problem unavailable when nothing could be loaded since the start
   */
  async answer(since: number, waitMs: number, gone: AbortSignal): Promise<ConfigSnapshot> {
    // A version from the future is one of a database that was put back, or of a node that heard first.
    if (this.version < 0 || since > this.version) {
      await this.refresh().catch((error: unknown) => {
        if (this.version < 0)
          throw new Problem(
            'unavailable',
            'The configuration cannot be loaded: the database is away.',
            { retryAfter: 1 },
            error,
          );
      });
    }
    if (since > this.version || (since === 0 && this.version > 0)) return this.snapshot(0, true);
    if (since === this.version && waitMs > 0 && !this.closed) await this.nextChange(waitMs, gone);
    return this.snapshot(since, since === 0 || since > this.version);
  }

  /**
   * Resolves when delivery has everything that was committed before this call; after `timeoutMs` at the
   * latest, and never with an error: what was changed is changed.
   */
  async told(timeoutMs: number): Promise<void> {
    await this.refresh().catch(() => undefined);
    await this.nodes.whenAllHave(this.version, timeoutMs);
  }

  /** Loads until it works: the notification that told of the change does not come twice. */
  private follow(): void {
    clearTimeout(this.retry);
    this.refresh().catch((error: unknown) => {
      if (this.closed) return;
      this.log.warn(`The configuration could not be loaded (${String(error)}); trying again.`);
      this.retry = setTimeout(() => this.follow(), RETRY_MS).unref();
    });
  }

  /**
   * Loads what is newer. Whoever asks during a load gets one more, shared by all who asked: the running
   * one may have looked too early.
   */
  private refresh(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return this.loading;
    }
    this.loading = this.load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async load(): Promise<void> {
    do {
      this.again = false;
      const loaded = await this.source.load(Math.max(this.version, 0));
      if (loaded.version < this.version) {
        this.log.warn(
          'The database is older than the configuration in memory (was it put back?): loading it whole.',
        );
        this.forget();
        this.take(await this.source.load(0));
      } else {
        this.take(loaded);
      }
    } while (this.again);
  }

  private take({ version, rows, sealed }: LoadedConfig): void {
    for (const id of sealed) {
      this.log.error(
        `The signing secret of key ${id} does not open with this master key; the key is refused until the HOLDLINE_MASTER_KEY or master.key that was in use before is put back.`,
      );
    }
    for (const row of rows.apps) this.apps.set(row.id, row);
    for (const row of rows.keys) this.keys.set(row.id, row);
    for (const row of rows.namespaces) this.namespaces.set(`${row.appId}:${row.name}`, row);
    for (const row of rows.revocations)
      this.revocations.set(`${row.appId}:${row.kind}:${row.value}:${row.issuedBefore}`, row);
    const now = this.now();
    for (const [id, row] of this.revocations) if (row.expiresAt <= now) this.revocations.delete(id);
    const changed = version !== this.version;
    this.version = version;
    if (changed) this.wake();
  }

  private forget(): void {
    for (const rows of [this.apps, this.keys, this.namespaces, this.revocations]) rows.clear();
    this.version = -1;
  }

  private nextChange(waitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.waiting.add(done);
      gone.addEventListener('abort', done);
      if (gone.aborted) done();
    });
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private snapshot(since: number, full: boolean): ConfigSnapshot {
    const newer = <T extends { version: number }>(rows: Map<string, T>): T[] =>
      full ? [...rows.values()] : [...rows.values()].filter(({ version }) => version > since);
    const rows: ConfigRows =
      !full && since === this.version
        ? { apps: [], keys: [], namespaces: [], revocations: [] }
        : {
            apps: newer(this.apps),
            keys: newer(this.keys),
            namespaces: newer(this.namespaces),
            revocations: newer(this.revocations),
          };
    return { version: this.version, full, ...rows };
  }
}
