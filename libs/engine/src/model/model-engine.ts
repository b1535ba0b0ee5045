import { randomUUID } from 'node:crypto';
import { MemoryDirectory } from '../memory-directory.js';
import type { SharedHomes } from '../memory-directory.js';
import { Engine } from '../port.js';
import type {
  Append,
  Appended,
  AppendResult,
  ChannelQuery,
  ChannelRef,
  EngineCapabilities,
  EngineHealth,
  JournalLine,
  JournalRead,
  LiveListener,
  LiveSubscription,
  Place,
  ReadLimit,
  ReadResult,
  Stored,
  StoredBytes,
  Tail,
} from '../port.js';
import { ModelChannel, takeWithin } from './model-channel.js';

export interface ModelEngineOptions {
  readonly clock: { now(): number };
  /** Engines with the same one are nodes beside each other, as far as the directory goes. */
  readonly homes?: SharedHomes;
}

/**
 * The oracle: the port's contract in the fewest words, in memory, with nothing clever in it. The
 * adapters are compared with it, and other libs test against it. It never frees anything.
 *
 * Everything happens inside the call: listeners have been called when `append` returns its promise.
 */
export class ModelEngine extends Engine {
  readonly capabilities: EngineCapabilities = { ack: 'memory', nodes: 'one' };
  readonly node: string = randomUUID();
  readonly directory: MemoryDirectory;

  private readonly channels = new Map<string, ModelChannel>();
  private readonly listeners = new Map<string, Set<LiveListener>>();
  private readonly log: Stored[] = [];
  private readonly lines: (JournalLine & { readonly last: number })[] = [];
  private readonly counters = new Map<string, number>();
  private base = 0;
  private epoch: string = randomUUID();
  private position = 0;
  private timestamp = 0;
  private draining = false;

  constructor(private readonly options: ModelEngineOptions) {
    super();
    this.directory = new MemoryDirectory(this.node, options.clock, options.homes);
  }

  async start(): Promise<void> {}

  /** What a restore from a backup looks like from outside: the messages stay, the epoch does not. */
  changeEpoch(): void {
    this.epoch = randomUUID();
    this.base = this.position;
  }

  async append(append: Append): Promise<AppendResult> {
    if (this.draining) return { ok: false, kind: 'definite', code: 'draining' };
    const channel = this.channel(append.channel);
    const timestamp = this.now();
    const entries: Appended[] = [];
    const stored: Stored[] = [];
    const fresh = new Map<string, Appended>();
    let last = channel.last;

    for (const entry of append.entries) {
      const known = entry.idempotent && (channel.ids.get(entry.id) ?? fresh.get(entry.id));
      if (known) {
        entries.push({ position: known.position, timestamp: known.timestamp, duplicate: true });
        continue;
      }
      if (entry.ifPosition !== undefined && entry.ifPosition !== last) {
        return {
          ok: false,
          kind: 'definite',
          code: 'position_conflict',
          position: channel.last,
        };
      }
      const position = this.position + stored.length + 1;
      const { payload } = entry;
      stored.push({ channel: append.channel, position, previous: last, timestamp, payload });
      const appended = { position, timestamp, duplicate: false };
      entries.push(appended);
      if (entry.idempotent) fresh.set(entry.id, appended);
      last = position;
    }

    const news = append.entries.filter((_, index) => !entries[index]!.duplicate);
    stored.forEach((message, index) => {
      channel.add(message, append.retention, news[index]!.ttl);
      this.log.push(message);
    });
    for (const [id, appended] of fresh) channel.ids.set(id, appended);
    this.position += stored.length;
    if (stored.length > 0) {
      this.timestamp = timestamp;
      this.note(append, stored);
      for (const listener of [...(this.listeners.get(keyOf(append.channel)) ?? [])]) {
        listener(stored);
      }
    }
    return { ok: true, epoch: this.epoch, entries };
  }

  private note(append: Append, stored: readonly Stored[]): void {
    const { channel, label = '', retention, counters = [] } = append;
    const { position: first, timestamp } = stored[0]!;
    this.lines.push({
      channel,
      label,
      timestamp,
      first,
      last: this.position,
      messages: stored.length,
      bytes: stored.reduce((sum, { payload }) => sum + payload.length, 0),
      keptUntil: timestamp + retention.seconds * 1000,
    });
    for (const name of counters)
      this.counters.set(name, (this.counters.get(name) ?? 0) + stored.length);
  }

  async journal(after: number, limit: number): Promise<JournalRead> {
    const following = this.lines.filter(({ first }) => first > after);
    const page = following.slice(0, Math.max(1, limit));
    return {
      epoch: this.epoch,
      base: this.base,
      lines: page.map(({ last: _last, ...line }) => line),
      through: page.at(-1)?.last ?? after,
      completeTo: page.length < following.length ? null : this.now(),
      truncated: false,
    };
  }

  async stored(): Promise<StoredBytes[]> {
    const now = this.now();
    return this.lines.flatMap(({ channel, label, first, last }) => {
      const kept = this.channel(channel).messages.filter(
        (message) =>
          message.stored.position >= first &&
          message.stored.position <= last &&
          this.channel(channel).isKept(message, now),
      );
      const bytes = kept.reduce((sum, { stored }) => sum + stored.payload.length, 0);
      return bytes > 0 ? [{ app: channel.app, label, bytes }] : [];
    });
  }

  async counted(counter: string): Promise<number> {
    return this.counters.get(counter) ?? 0;
  }

  async read(ref: ChannelRef, after: Place | null, limit: ReadLimit): Promise<ReadResult> {
    const channel = this.channel(ref);
    const now = this.now();
    const foreign =
      after !== null && (after.epoch !== this.epoch || after.position > this.position);
    const from = after === null || foreign ? 0 : after.position;
    const following = channel.messages.filter((message) => message.stored.position > from);
    const firstKept = following.findIndex((message) => channel.isKept(message, now));
    const lost = firstKept < 0 ? following.length : firstKept;
    const shown = following.filter((m) => channel.isKept(m, now) && now < m.shownUntil);
    const page = takeWithin(
      shown.map((message) => message.stored),
      limit,
    );
    const truncated = after !== null && !foreign && lost > 0;
    return {
      status: foreign ? 'epoch_changed' : truncated ? 'truncated' : 'ok',
      epoch: this.epoch,
      ...page,
      ...(truncated ? { missing: lost } : {}),
    };
  }

  async readBack(ref: ChannelRef, before: number | null, limit: ReadLimit): Promise<ReadResult> {
    const channel = this.channel(ref);
    const now = this.now();
    const shown = channel.messages
      .filter((m) => m.stored.position < (before ?? Infinity))
      .filter((m) => channel.isKept(m, now) && now < m.shownUntil)
      .map((message) => message.stored)
      .reverse();
    return { status: 'ok', epoch: this.epoch, ...takeWithin(shown, limit) };
  }

  async positionBefore(time: number): Promise<number> {
    const first = this.log.find((message) => message.timestamp >= time);
    return first === undefined ? this.position : first.position - 1;
  }

  async tail(ref: ChannelRef): Promise<Tail> {
    return { epoch: this.epoch, last: this.channel(ref).last };
  }

  async channelNames({ app, prefix, after, limit }: ChannelQuery): Promise<string[]> {
    const names = [...this.channels.values()]
      .filter(({ ref, last }) => last > 0 && ref.app === app && ref.name.startsWith(prefix))
      .map(({ ref }) => ref.name)
      .sort(byBytes);
    const following = after === null ? names : names.filter((name) => byBytes(name, after) > 0);
    return following.slice(0, limit);
  }

  subscribe(ref: ChannelRef, listener: LiveListener): LiveSubscription {
    const key = keyOf(ref);
    // One function may be subscribed twice: each subscription is its own.
    const own: LiveListener = (messages) => listener(messages);
    const all = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, all.add(own));
    return { isReady: true, ready: Promise.resolve(), close: () => void all.delete(own) };
  }

  async purge(ref: ChannelRef): Promise<void> {
    this.channel(ref).purge();
  }

  health(): EngineHealth {
    return this.draining ? { ok: false, fault: 'The engine is draining.' } : { ok: true };
  }

  async drain(): Promise<void> {
    this.draining = true;
  }

  private now(): number {
    return Math.max(this.options.clock.now(), this.timestamp);
  }

  private channel(ref: ChannelRef): ModelChannel {
    const key = keyOf(ref);
    const channel = this.channels.get(key) ?? new ModelChannel(ref);
    this.channels.set(key, channel);
    return channel;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A channel name holds no control characters, so the pair is unambiguous. */
function keyOf(ref: ChannelRef): string {
  return `${ref.app}\u0000${ref.name}`;
}
