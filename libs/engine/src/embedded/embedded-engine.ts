import { randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MemoryDirectory } from '../memory-directory.js';
import { Engine } from '../port.js';
import type {
  Append,
  AppendResult,
  ChannelQuery,
  ChannelRef,
  EngineCapabilities,
  EngineFigures,
  EngineHealth,
  JournalRead,
  LiveListener,
  LiveSubscription,
  Place,
  ReadLimit,
  ReadResult,
  StoredBytes,
  Tail,
} from '../port.js';
import { Channels } from './channels.js';
import { Counters } from './counters.js';
import { syncDirectory } from './directory-sync.js';
import { DirectoryLock } from './directory-lock.js';
import { Faults } from './faults.js';
import { IdIndex } from './ids.js';
import { JournalReader } from './journal-reader.js';
import { LiveListeners } from './live-listeners.js';
import { LogReader } from './log-reader.js';
import type { LogStore } from './log-store.js';
import { LogWriter } from './log-writer.js';
import { MarkFile } from './mark.js';
import { SILENT } from './options.js';
import type { EmbeddedEngineOptions, EngineLog } from './options.js';
import { findOrigin } from './origin.js';
import type { Origin } from './origin.js';
import { positionBefore } from './position-before.js';
import { LABEL_BYTES } from './records.js';
import { openOrReplace } from './rescue.js';
import { SpaceGuard } from './space-guard.js';
import { Sweeper } from './sweeper.js';

/** What exists only between start and drain. */
interface Running {
  readonly lock: DirectoryLock;
  readonly store: LogStore;
  readonly origin: Origin;
  readonly channels: Channels;
  readonly counters: Counters;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly journal: JournalReader;
  readonly sweeper: Sweeper;
}

/**
 * The log of one process, in LMDB. An append is acknowledged once its commit is flushed to the disk;
 * a disk error freezes publishing and is never retried into a lie.
 */
export class EmbeddedEngine extends Engine {
  readonly capabilities: EngineCapabilities = { ack: 'local-fsync', nodes: 'one' };
  readonly node = `node-${randomBytes(6).toString('hex')}`;
  readonly directory: MemoryDirectory;

  private readonly log: EngineLog;
  private readonly faults: Faults;
  private readonly space: SpaceGuard;
  private readonly mark: MarkFile;
  private readonly listeners: LiveListeners;
  private running: Running | null = null;
  private timer: NodeJS.Timeout | null = null;
  private maintaining: Promise<void> | null = null;
  private draining: Promise<void> | null = null;

  constructor(private readonly options: EmbeddedEngineOptions) {
    super();
    this.directory = new MemoryDirectory(this.node, options.clock);
    this.log = options.log ?? SILENT;
    this.space = new SpaceGuard(options);
    this.faults = new Faults(this.log, this.space, options.clock);
    this.mark = new MarkFile(options.directory);
    this.listeners = new LiveListeners(this.log);
  }

  /** Rejects when the directory is another process's, cannot be written, or holds another format. */
  async start(): Promise<void> {
    if (this.running || this.draining) throw new Error('An engine is started once.');
    const { directory, lockWaitMs = 10_000, sweepEveryMs = 1000 } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await DirectoryLock.take(directory, lockWaitMs);
    try {
      this.running = await this.open(lock);
    } catch (error) {
      lock.release();
      throw error;
    }
    await this.tryWriteMark();
    await this.lookAtSpace();
    if (sweepEveryMs > 0) {
      this.timer = setInterval(() => void this.maintain(), sweepEveryMs);
      this.timer.unref();
    }
  }

  /** Rejects for a channel that no log could hold; every other fault is a result. */
  append(append: Append): Promise<AppendResult> {
    if (this.draining) {
      return Promise.resolve({ ok: false, kind: 'definite', code: 'draining' });
    }
    const fault = channelFault(append.channel) ?? nameFault(append);
    if (fault) return Promise.reject(new RangeError(fault));
    if (!this.running) return Promise.reject(new Error(this.health().fault));
    return this.running.writer.append(append);
  }

  /** Rejects when the log itself cannot be read; health says so too. */
  async read(channel: ChannelRef, after: Place | null, limit: ReadLimit): Promise<ReadResult> {
    return this.reading(() => this.run().reader.read(channel, after, limit));
  }

  async readBack(ref: ChannelRef, before: number | null, limit: ReadLimit): Promise<ReadResult> {
    return this.reading(() => this.run().reader.readBack(ref, before, limit));
  }

  async positionBefore(time: number): Promise<number> {
    const { store, writer } = this.run();
    return this.reading(() => positionBefore(store, writer.durable, time));
  }

  async tail(channel: ChannelRef): Promise<Tail> {
    const { channels, origin } = this.run();
    const last = this.reading(() => channels.find(channel)?.durable.last ?? 0);
    return { epoch: origin.epoch, last };
  }

  async channelNames(query: ChannelQuery): Promise<readonly string[]> {
    return this.reading(() => [...this.run().store.channelNames(query)]);
  }

  subscribe(channel: ChannelRef, listener: LiveListener): LiveSubscription {
    return this.listeners.add(channel, listener);
  }

  async journal(after: number, lines: number): Promise<JournalRead> {
    return this.reading(() => this.run().journal.read(after, lines));
  }

  async stored(): Promise<readonly StoredBytes[]> {
    return this.reading(() => this.run().journal.stored());
  }

  async counted(counter: string): Promise<number> {
    return this.reading(() => this.run().counters.read(counter));
  }

  /** Rejects while draining and after a disk error; works while the disk is full, to make room. */
  async purge(channel: ChannelRef): Promise<void> {
    const { writer } = this.run();
    if (this.draining || this.faults.isFrozen) {
      throw new Error(`The channel was not purged. ${this.health().fault ?? ''}`);
    }
    await writer.purge(channel);
  }

  health(): EngineHealth {
    if (this.draining) return { ok: false, fault: 'The message log is draining: it is stopping.' };
    if (!this.running) return { ok: false, fault: 'The message log has not started yet.' };
    const fault = this.faults.describe(this.running.writer.flushingSince);
    return fault === null ? { ok: true } : { ok: false, fault };
  }

  override async figures(): Promise<EngineFigures> {
    const { directory, floorBytes } = this.options;
    const { size } = await stat(join(directory, 'log', 'data.mdb')).catch(() => ({ size: null }));
    return {
      commitMs: this.running?.writer.lastCommitMs ?? null,
      ...{ bytes: size, freeBytes: this.space.freeBytes, floorBytes },
    };
  }

  drain(): Promise<void> {
    this.draining ??= this.close();
    return this.draining;
  }

  /** One round of upkeep: looks at the disk, writes the mark, deletes what is no longer kept. */
  async maintain(): Promise<void> {
    this.maintaining ??= this.upkeep()
      .catch((error: unknown) =>
        this.log.warn(`Upkeep of the message log failed: ${String(error)}`),
      )
      .finally(() => (this.maintaining = null));
    await this.maintaining;
  }

  private async open(lock: DirectoryLock): Promise<Running> {
    const { directory, clock, beforeCommit, cachedChannels = 100_000 } = this.options;
    const mark = await this.mark.read();
    const store = await openOrReplace(directory, this.log);
    try {
      for (const path of [dirname(directory), directory, join(directory, 'log')]) {
        await syncDirectory(path);
      }
      const origin = await findOrigin(store, mark);
      if (origin.broken) {
        this.log.warn(
          `The message log in ${directory} is not the one its readers know (${origin.broken}). ` +
            'It goes on under a new epoch, and readers are told.',
        );
      }
      const onCorrupt = (cid: number, first: number) => this.faults.noteCorrupt(cid, first);
      const channels = new Channels(store, cachedChannels, onCorrupt);
      const counters = new Counters(store);
      const writer: LogWriter = new LogWriter({
        store,
        channels,
        ids: new IdIndex(store),
        counters,
        listeners: this.listeners,
        origin,
        clock,
        beforeCommit,
        refusal: () => this.faults.refusal(),
        onFailure: (error) => this.faults.noteFailedCommit(error),
        onWritten: (bytes) => this.noteWritten(bytes),
        onCounted: (channel) => sweeper.noteCounted(channel),
      });
      const now = () => Math.max(clock.now(), writer.timestamp);
      const { epoch } = origin;
      const durable = () => writer.durable;
      const reader = new LogReader({ store, channels, epoch, now, durable, onCorrupt });
      const journalMs = (this.options.journalSeconds ?? 7 * 86_400) * 1000;
      const sweeper = new Sweeper({ store, channels, writer, now, journalMs });
      const journal = new JournalReader({ store, writer, origin });
      return { lock, store, origin, channels, counters, writer, reader, journal, sweeper };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** A burst must not run through the floor between two rounds of upkeep. */
  private noteWritten(bytes: number): void {
    this.space.noteWritten(bytes);
    if (this.space.needsLook) void this.lookAtSpace();
  }

  private async lookAtSpace(): Promise<void> {
    await this.space.look().catch((error: unknown) => {
      this.log.warn(`The free space of the disk could not be asked for: ${String(error)}`);
    });
  }

  private async upkeep(): Promise<void> {
    const { writer, sweeper } = this.run();
    await this.lookAtSpace();
    await this.tryWriteMark();
    if (this.faults.isFrozen) return;
    if (this.faults.isDiskFull && !this.space.isLow) {
      // Free space alone proves nothing (a quota may be what is used up): a write does.
      await writer.ride({ write: () => this.run().store.touch(), done: () => undefined });
      this.faults.noteRoom();
    }
    await sweeper.round();
  }

  private async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.maintaining;
    const running = this.running;
    if (!running) return;
    await running.writer.idle();
    try {
      await this.tryWriteMark();
      await running.store.close();
    } finally {
      this.running = null;
      running.lock.release();
    }
  }

  /** A mark that cannot be written leaves the one before, which proves less and claims nothing false. */
  private async tryWriteMark(): Promise<void> {
    const { origin, writer } = this.run();
    const { durable: position, timestamp } = writer;
    await this.mark.write({ epoch: origin.epoch, position, timestamp }).catch((error: unknown) => {
      this.log.warn(`The high-water mark could not be written: ${String(error)}`);
    });
  }

  private run(): Running {
    if (this.running) return this.running;
    throw new Error(this.health().fault ?? 'The message log is closed.');
  }

  private reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (this.running) this.faults.noteUnreadable(error);
      throw error;
    }
  }
}

/** What stands beside a message in the log has little room. */
function nameFault({ label = '', counters = [] }: Append): string | null {
  if (Buffer.byteLength(label) > LABEL_BYTES) return `A label has at most ${LABEL_BYTES} bytes.`;
  return counters.some((name) => name === '' || Buffer.byteLength(name) > COUNTER_BYTES)
    ? `A counter's name has 1 to ${COUNTER_BYTES} bytes.`
    : null;
}

const COUNTER_BYTES = 512;

/** LMDB bounds its keys, and the number of a channel that cannot be written must not be given out. */
const CHANNEL_KEY_BYTES = 1024;

function channelFault({ app, name }: ChannelRef): string | null {
  if (Buffer.byteLength(app) + Buffer.byteLength(name) >= CHANNEL_KEY_BYTES) {
    return `An app and a channel name have at most ${CHANNEL_KEY_BYTES - 1} bytes together.`;
  }
  return app.includes('\u0000') || name.includes('\u0000')
    ? 'A channel name cannot hold a zero byte.'
    : null;
}
