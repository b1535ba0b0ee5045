import type { ChannelRef } from '../port.js';
import { Block, guessCount } from './block.js';
import type { Draft } from './draft.js';
import type { Group } from './group.js';
import type { PendingId } from './ids.js';
import { channelKey, numberKey, readNumber } from './keys.js';
import type { LogStore } from './log-store.js';
import { decodeHead } from './records.js';

/** Where a channel stands: its last position, how many messages it ever had, its count policy. */
export interface Head {
  last: number;
  ordinal: number;
  keepMessages: number | null;
}

/**
 * A channel in memory. `accepted` runs ahead of `durable` by what is on its way to the disk; readers
 * see `durable` only.
 */
export class Channel {
  readonly accepted: Head;
  purgedThrough: number;
  /** `purgedThrough` with what is on its way. */
  purging: number;
  /** Commits on their way that touch it: it must not be forgotten meanwhile. */
  pins = 0;
  /** The newest commit on its way that changes it, and the block that grows there. */
  group: Group | null = null;
  draft: Draft | null = null;
  /** The ids of messages on their way to the disk. */
  readonly pendingIds = new Map<string, PendingId>();

  constructor(
    readonly key: string,
    readonly ref: ChannelRef,
    readonly cid: number,
    readonly durable: Head,
    purgedThrough: number,
    /** Its name and number are not in the log yet. */
    public isNew: boolean,
  ) {
    this.accepted = { ...durable };
    this.purgedThrough = purgedThrough;
    this.purging = purgedThrough;
  }
}

/** The heads of the channels: a bounded cache over the log. */
export class Channels {
  // Two generations instead of a list in order of use: a hit costs one look-up, and a channel that
  // was not used for a whole generation is forgotten.
  private young = new Map<string, Channel>();
  private old = new Map<string, Channel>();
  private nextCid: number;

  constructor(
    private readonly store: LogStore,
    private readonly limit: number,
    private readonly onCorrupt: (cid: number, first: number) => void,
  ) {
    this.nextCid = store.newestCid() + 1;
  }

  /** Null for a channel that nothing was ever stored in. */
  find(ref: ChannelRef): Channel | null {
    const key = channelKey(ref.app, ref.name);
    return this.cached(key) ?? this.load(key, ref);
  }

  findOrCreate(ref: ChannelRef): Channel {
    const key = channelKey(ref.app, ref.name);
    const known = this.cached(key) ?? this.load(key, ref);
    if (known) return known;
    const own = { app: ref.app, name: ref.name };
    const head = { last: 0, ordinal: 0, keepMessages: null };
    return this.remember(new Channel(key, own, this.nextCid++, head, 0, true));
  }

  /** Null when the log does not know the number: its record is gone or was never written. */
  findByNumber(cid: number): Channel | null {
    const record = this.store.heads.get(numberKey(cid));
    return record ? this.find(decodeHead(record)) : null;
  }

  /** After a failed commit: what memory took for accepted never came about. */
  forgetAll(): void {
    this.young.clear();
    this.old.clear();
  }

  private cached(key: string): Channel | undefined {
    const channel = this.young.get(key);
    if (channel) return channel;
    const older = this.old.get(key);
    return older && this.remember(older);
  }

  private remember(channel: Channel): Channel {
    if (this.young.size >= this.limit / 2) {
      const pinned = [...this.old.values()].filter((older) => older.pins > 0);
      this.old = this.young;
      this.young = new Map(pinned.map((older) => [older.key, older]));
    }
    this.young.set(channel.key, channel);
    return channel;
  }

  private load(key: string, ref: ChannelRef): Channel | null {
    const number = this.store.channels.get(Buffer.from(key));
    if (!number) return null;
    const cid = readNumber(number);
    const record = this.store.heads.get(numberKey(cid));
    const saved = record ? decodeHead(record) : null;
    const head = this.headFromBlocks(cid) ?? {
      last: saved?.last ?? 0,
      ordinal: saved?.ordinal ?? 0,
      keepMessages: saved?.keepMessages ?? null,
    };
    const own = { app: ref.app, name: ref.name };
    return this.remember(new Channel(key, own, cid, head, saved?.purgedThrough ?? 0, false));
  }

  /** The newest block tells; one that is damaged still tells that messages stood there. */
  private headFromBlocks(cid: number): Head | null {
    let damaged = 0;
    let damagedLast = 0;
    for (const raw of this.store.blocksBack(cid, Infinity)) {
      const block = Block.decode(raw.bytes, cid, raw.first);
      if (block) {
        return {
          last: Math.max(block.last, damagedLast),
          ordinal: block.lastOrdinal + damaged,
          keepMessages: block.keepMessages,
        };
      }
      this.onCorrupt(cid, raw.first);
      const count = guessCount(raw.bytes);
      damaged += count;
      damagedLast = Math.max(damagedLast, raw.first + count - 1);
    }
    return damaged > 0 ? { last: damagedLast, ordinal: damaged, keepMessages: null } : null;
  }
}
