import type { Append, AppendEntry, AppendResult, Appended, ChannelRef, Stored } from '../port.js';
import type { Channel, Channels } from './channels.js';
import type { Counters } from './counters.js';
import { Draft } from './draft.js';
import { Group } from './group.js';
import type { PendingAppend, Work, Writable } from './group.js';
import { GroupRecorder } from './group-recorder.js';
import { isPending } from './ids.js';
import type { IdIndex, OnItsWay } from './ids.js';
import { numberKey } from './keys.js';
import type { LiveListeners } from './live-listeners.js';
import type { LogStore } from './log-store.js';
import type { Origin } from './origin.js';
import { encodeHead } from './records.js';
import type { KnownId } from './records.js';

export interface LogWriterParts {
  readonly store: LogStore;
  readonly channels: Channels;
  readonly ids: IdIndex;
  readonly counters: Counters;
  readonly listeners: LiveListeners;
  readonly origin: Origin;
  readonly clock: { now(): number };
  readonly beforeCommit: (() => Promise<void>) | undefined;
  /** What an append is refused with now; null: it is welcome. */
  readonly refusal: () => 'storage_full' | 'frozen' | null;
  /** Decides what a failed commit means; returns what those behind it are refused with. */
  readonly onFailure: (error: unknown) => Promise<'storage_full' | 'frozen'>;
  readonly onWritten: (bytes: number) => void;
  /** A channel with a count policy grew. */
  readonly onCounted: (channel: Channel) => void;
}

/**
 * The one writer: gives out positions when an append arrives, and commits in groups. What arrives
 * while a commit is on its way to the disk makes up the next one, so that the group grows with the
 * load and a lone append never waits for company.
 */
export class LogWriter {
  /** The last position that is on the disk. */
  durable: number;
  /** The last accept time given out (ms since 1970). */
  timestamp: number;
  /** When the commit that is on its way began (ms since 1970); null: none is. */
  flushingSince: number | null = null;
  /** Milliseconds that the last commit took to be on the disk; null: none was made yet. */
  lastCommitMs: number | null = null;
  private position: number;
  private open = new Group(1);
  private flushing: Group | null = null;
  private scheduled = false;
  private idleWaiters: (() => void)[] = [];
  private readonly recorder: GroupRecorder;

  constructor(private readonly parts: LogWriterParts) {
    this.durable = parts.origin.position;
    this.position = parts.origin.position;
    this.timestamp = parts.origin.timestamp;
    this.recorder = new GroupRecorder(parts.store, parts.ids, parts.counters);
  }

  append(append: Append): Promise<AppendResult> {
    const refusal = this.parts.refusal();
    if (refusal) return Promise.resolve({ ok: false, kind: 'definite', code: refusal });
    return new Promise((resolve) => this.accept(append, resolve));
  }

  /** Hides every message that was accepted so far, durably; their blocks are deleted later. */
  purge(ref: ChannelRef): Promise<void> {
    const channel = this.parts.channels.find(ref);
    if (!channel) return Promise.resolve();
    const { store } = this.parts;
    const { last, ordinal, keepMessages } = channel.accepted;
    // A block must not straddle the purge.
    channel.draft = null;
    channel.purging = last;
    channel.pins++;
    return this.ride({
      write: () => {
        const head = { ...channel.ref, last, ordinal, keepMessages, purgedThrough: last };
        store.put(store.heads, numberKey(channel.cid), encodeHead(head));
        store.put(store.trims, numberKey(channel.cid), numberKey(last));
      },
      done: () => {
        channel.purgedThrough = last;
        channel.pins--;
      },
    });
  }

  /** Puts other writes into the next commit; resolves when they are flushed. */
  ride(work: Pick<Work, 'write' | 'done'>): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        work.done();
        resolve();
      };
      this.open.work.push({ write: () => work.write(), done, failed: reject });
      this.schedule();
    });
  }

  /** What is not durable by now gets a timestamp that is no smaller (ms since 1970). */
  get completeTo(): number {
    return this.flushing ? this.flushing.timestamp : this.now();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.flushing || !this.open.isEmpty) {
      await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    }
  }

  private accept(append: Append, resolve: (result: AppendResult) => void): void {
    const { channels, ids } = this.parts;
    const channel = channels.findOrCreate(append.channel);
    const group = this.open;
    const entries: Writable<Appended>[] = [];
    const news: AppendEntry[] = [];
    let position = this.position;
    let last = channel.accepted.last;
    let own: Map<string, number> | null = null;
    let origins: Map<number, Group> | null = null;
    let waitFor: Group | null = null;

    for (const entry of append.entries) {
      const known = entry.idempotent && this.findId(channel, entry.id, own, group);
      if (known) {
        const timestamp = isPending(known) ? 0 : known.timestamp;
        if (isPending(known)) {
          (origins ??= new Map()).set(entries.length, known.group);
          if (!waitFor || known.group.sequence > waitFor.sequence) waitFor = known.group;
        }
        entries.push({ position: known.position, timestamp, duplicate: true });
        continue;
      }
      if (entry.ifPosition !== undefined && entry.ifPosition !== last) {
        this.refuse(channel, resolve);
        return;
      }
      last = ++position;
      entries.push({ position, timestamp: 0, duplicate: false });
      news.push(entry);
      if (entry.idempotent) (own ??= new Map()).set(entry.id, position);
    }

    const pending: PendingAppend = { entries, origins, resolve };
    if (news.length === 0) {
      this.answerKnown(pending, waitFor);
      return;
    }
    if (own) for (const [id, at] of own) ids.accept(channel, id, at, group);
    this.store(channel, append, news, group);
    if (append.counters) group.count(append.counters, news.length);
    group.appends.push(pending);
    this.schedule();
  }

  /** The id decides first: in this append, then on its way, then on the disk. */
  private findId(
    channel: Channel,
    id: string,
    own: Map<string, number> | null,
    group: Group,
  ): OnItsWay | KnownId | undefined {
    const position = own?.get(id);
    if (position !== undefined) return { position, group };
    return this.parts.ids.find(channel, id, this.now());
  }

  private refuse(channel: Channel, resolve: (result: AppendResult) => void): void {
    const { last: position } = channel.accepted;
    if (channel.group) channel.group.conflicts.push({ position, resolve });
    else resolve({ ok: false, kind: 'definite', code: 'position_conflict', position });
  }

  private answerKnown(pending: PendingAppend, waitFor: Group | null): void {
    const { epoch } = this.parts.origin;
    if (waitFor) waitFor.appends.push(pending);
    else pending.resolve({ ok: true, epoch, entries: pending.entries });
  }

  private store(channel: Channel, append: Append, news: AppendEntry[], group: Group): void {
    let draft = channel.draft;
    const { label = '' } = append;
    if (!draft?.takes(append.retention, label)) {
      draft = new Draft(channel, append.retention, label);
      channel.draft = draft;
      channel.pins++;
      group.drafts.push(draft);
    }
    if (group.first === 0) group.first = this.position + 1;
    for (const entry of news) draft.add(++this.position, entry.payload, entry.ttl);
    group.last = this.position;
    channel.group = group;
    channel.accepted.last = this.position;
    channel.accepted.ordinal += news.length;
    channel.accepted.keepMessages = append.retention.messages;
  }

  private now(): number {
    return Math.max(this.parts.clock.now(), this.timestamp);
  }

  private schedule(): void {
    if (this.scheduled || this.flushing) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.commit();
    });
  }

  /** Never rejects: how it went is told to those who wait for it. */
  private async commit(): Promise<void> {
    const group = this.open;
    this.open = new Group(group.sequence + 1);
    this.flushing = group;
    this.timestamp = this.now();
    this.flushingSince = this.parts.clock.now();
    group.timestamp = this.timestamp;
    for (const draft of group.drafts) {
      if (draft.channel.draft === draft) draft.channel.draft = null;
    }
    const began = performance.now();
    try {
      if (this.parts.beforeCommit) await this.parts.beforeCommit();
      await this.parts.store.commit(() => {
        this.parts.onWritten(this.recorder.write(group));
      });
    } catch (error) {
      this.fail(group, error, await this.parts.onFailure(error));
      return;
    }
    this.lastCommitMs = performance.now() - began;
    this.succeed(group);
    this.next();
  }

  /** One synchronous pass: whoever acts on an answer finds all of the commit readable. */
  private succeed(group: Group): void {
    const { ids, counters, listeners, onCounted } = this.parts;
    if (group.last > 0) this.durable = group.last;
    const live = new Map<string, Stored[]>();
    for (const draft of group.drafts) {
      const { channel } = draft;
      channel.durable.last = draft.last;
      channel.durable.ordinal = draft.lastOrdinal;
      channel.durable.keepMessages = draft.retention.messages;
      channel.isNew = false;
      channel.pins--;
      if (channel.group === group) channel.group = null;
      if (draft.retention.messages !== null) onCounted(channel);
      if (!listeners.has(channel.key)) continue;
      const messages = draft.stored(group.timestamp);
      const earlier = live.get(channel.key);
      if (earlier) earlier.push(...messages);
      else live.set(channel.key, messages);
    }
    ids.settled(group, true);
    counters.settled(group, true);
    for (const work of group.work) work.done();
    for (const [key, messages] of live) listeners.tell(key, messages);
    for (const pending of group.appends) {
      pending.resolve(group.answer(pending, this.parts.origin.epoch));
    }
    for (const { position, resolve } of group.conflicts) {
      resolve({ ok: false, kind: 'definite', code: 'position_conflict', position });
    }
  }

  /**
   * Those in the commit may be stored or not; those behind it were never given to the disk. What
   * memory holds of either is forgotten, and read from the log again when it is asked for.
   */
  private fail(group: Group, error: unknown, code: 'storage_full' | 'frozen'): void {
    const behind = this.open;
    this.open = new Group(behind.sequence + 1);
    this.parts.channels.forgetAll();
    this.parts.ids.settled(group, false);
    this.parts.ids.settled(behind, false);
    this.parts.counters.settled(group, false);
    const cause = error instanceof Error ? error : new Error(String(error));
    for (const failed of [group, behind]) {
      for (const work of failed.work) work.failed(cause);
      for (const { resolve } of failed.conflicts) resolve({ ok: false, kind: 'definite', code });
    }
    for (const { resolve } of group.appends) {
      resolve({ ok: false, kind: 'indefinite', code: 'disk' });
    }
    for (const { resolve } of behind.appends) resolve({ ok: false, kind: 'definite', code });
    this.next();
  }

  private next(): void {
    this.flushing = null;
    this.flushingSince = null;
    if (!this.open.isEmpty) {
      this.schedule();
      return;
    }
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const wake of waiters) wake();
  }
}
