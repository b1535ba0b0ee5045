import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigSnapshot } from '#contracts';
import type { AccessStore, Secrets } from '#access';
import type { InternalRequester, Logger } from '#platform';

const HOLD_SECONDS = 25;
/** A failure shorter than this is a start or a restart, and not worth a line. */
const QUIET_MS = 10_000;
const RETRY_MS = { first: 100, most: 2_000 };
/** Bytes of one answer at most: a configuration larger than this needs another way of being told. */
const MAX_BYTES = 256 * 1024 * 1024;
const SEAL_CONTEXT = 'delivery/config-cache';

/**
 * Keeps this node's copy of the control plane's configuration: asks api with the version it has, is
 * held until there is a newer one, applies it, asks again. The copy is also kept on disk, sealed, so that
 * a node that starts while api or PostgreSQL is away serves with what it knew.
 */
export class ConfigFeed {
  private readonly stopping = new AbortController();
  /** As this server calls itself; another after each start. */
  readonly node = randomUUID();
  private running: Promise<void> | null = null;
  private failingSince: number | null = null;
  private saidSo = false;

  constructor(
    private readonly options: {
      url: string;
      request: InternalRequester;
      secrets: Secrets;
      store: AccessStore;
      cacheFile: string;
      log: Logger;
    },
  ) {}

  /** True once there is any configuration to work from. */
  get isReady(): boolean {
    return this.options.store.isLoaded;
  }

  start(): void {
    this.loadCache();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let backoff = RETRY_MS.first;
    while (!signal.aborted) {
      try {
        const snapshot = await this.ask();
        backoff = RETRY_MS.first;
        this.note(true);
        if (snapshot.full || snapshot.version > this.options.store.version)
          await this.take(snapshot);
      } catch (error) {
        if (signal.aborted) return;
        this.note(false, error);
        await delay(randomInt(backoff / 2, backoff + 1), undefined, { signal }).catch(
          () => undefined,
        );
        backoff = Math.min(backoff * 2, RETRY_MS.most);
      }
    }
  }

  private async ask(): Promise<ConfigSnapshot> {
    const { url, secrets, store, request } = this.options;
    const { status, body } = await request({
      url: `${url}/internal/v1/config?since=${store.version}&wait=${HOLD_SECONDS}&node=${this.node}`,
      bearer: secrets.derive('internal').toString('hex'),
      timeoutMs: (HOLD_SECONDS + 10) * 1000,
      signal: this.stopping.signal,
      maxBytes: MAX_BYTES,
    });
    if (status !== 200) throw new Error(`the control plane answered ${status}`);
    return ConfigSnapshot.parse(body);
  }

  private async take(snapshot: ConfigSnapshot): Promise<void> {
    const { store, secrets, cacheFile, log } = this.options;
    store.apply(snapshot);
    const sealed = secrets.seal(JSON.stringify(store.export()), SEAL_CONTEXT);
    try {
      await writeFile(`${cacheFile}.new`, sealed, { mode: 0o600 });
      await rename(`${cacheFile}.new`, cacheFile);
    } catch (error) {
      log.warn(
        { err: error, file: cacheFile },
        'the configuration could not be kept on disk: a restart without the control plane would know nobody',
      );
    }
  }

  private loadCache(): void {
    const { cacheFile, secrets, store, log } = this.options;
    if (!existsSync(cacheFile)) return;
    try {
      const text = secrets.open(readFileSync(cacheFile, 'utf8'), SEAL_CONTEXT);
      store.apply(ConfigSnapshot.parse(JSON.parse(text)));
      log.info({ version: store.version }, 'began with the configuration kept on disk');
    } catch (error) {
      log.warn(
        { err: error, file: cacheFile },
        'the configuration kept on disk cannot be read; waiting for the control plane',
      );
    }
  }

  /** Says once that the control plane is gone (not when it only takes a moment to start) and once that it is back. */
  private note(reachable: boolean, error?: unknown): void {
    const { log, url, store } = this.options;
    if (reachable) {
      if (this.saidSo) log.info({ url }, 'the control plane is back');
      this.failingSince = null;
      this.saidSo = false;
      return;
    }
    this.failingSince ??= performance.now();
    if (this.saidSo || performance.now() - this.failingSince < QUIET_MS) return;
    this.saidSo = true;
    const why = error instanceof Error ? error.message : String(error);
    log.warn(
      { url, why, version: store.version },
      'the control plane cannot be reached: serving with the configuration at hand, trying again',
    );
  }
}
