import type { ChannelRef } from '../port.js';
import { Block } from './block.js';
import type { Channel, Channels } from './channels.js';
import { numberKey, pairKey, readNumber, readPair } from './keys.js';
import type { LogStore } from './log-store.js';
import type { LogWriter } from './log-writer.js';
import { decodeJournalHead, decodePlaces, encodeHead } from './records.js';
import type { BlockPlace } from './records.js';

export interface SweeperParts {
  readonly store: LogStore;
  readonly channels: Channels;
  readonly writer: LogWriter;
  readonly now: () => number;
  readonly journalMs: number;
}

/** Blocks deleted with one commit: few enough that publishers do not feel it. */
const SLICE = 500;
/** Slices in one round; what is left waits for the next. */
const ROUND_SLICES = 40;

/** What one slice deletes, and which lists it has worked off with that. */
interface Slice {
  readonly places: BlockPlace[];
  readonly finished: (() => void)[];
}

/**
 * Deletes what retention no longer keeps. Readers do not depend on it: they leave such messages out
 * by themselves. It only gives the space back.
 */
export class Sweeper {
  private readonly counted = new Map<string, ChannelRef>();

  constructor(private readonly parts: SweeperParts) {}

  /** The channel may have grown beyond its count. */
  noteCounted(channel: Channel): void {
    this.counted.set(channel.key, channel.ref);
  }

  async round(): Promise<void> {
    for (let i = 0; i < ROUND_SLICES; i++) {
      const slice: Slice = { places: [], finished: [] };
      this.takeExpired(slice);
      this.takePurged(slice);
      this.takeCounted(slice);
      this.takeJournal(slice);
      if (slice.places.length === 0 && slice.finished.length === 0) return;
      await this.parts.writer.ride({ write: () => this.delete(slice), done: () => undefined });
    }
  }

  private takeExpired({ places, finished }: Slice): void {
    const { store, now } = this.parts;
    const range = { start: numberKey(0), end: pairKey(now() + 1, 0) };
    for (const { key, value } of store.expiry.getRange(range)) {
      if (places.length >= SLICE) return;
      places.push(...decodePlaces(value));
      const done = Buffer.from(key);
      finished.push(() => store.remove(store.expiry, done));
    }
  }

  private takePurged({ places, finished }: Slice): void {
    const { store } = this.parts;
    for (const { key, value } of store.trims.getRange({ start: numberKey(0) })) {
      const cid = readNumber(key);
      const range = { start: pairKey(cid, 0), end: pairKey(cid, readNumber(value) + 1) };
      for (const place of store.blocks.getKeys(range)) {
        if (places.length >= SLICE) return;
        places.push(readPair(place));
      }
      finished.push(() => store.remove(store.trims, numberKey(cid)));
    }
  }

  private takeCounted({ places }: Slice): void {
    const { store, channels } = this.parts;
    for (const [key, ref] of this.counted) {
      const channel = channels.find(ref);
      const { ordinal, keepMessages } = channel?.durable ?? { ordinal: 0, keepMessages: null };
      const firstCounted = keepMessages === null ? 0 : ordinal - keepMessages + 1;
      for (const raw of channel ? store.blocksAfter(channel.cid, 0) : []) {
        if (places.length >= SLICE) return;
        const block = Block.decode(raw.bytes, raw.cid, raw.first);
        if (block && block.lastOrdinal >= firstCounted) break;
        if (block) places.push([raw.cid, raw.first]);
      }
      this.counted.delete(key);
    }
  }

  /** The newest entry stays: the log's end is read from it. */
  private takeJournal({ finished }: Slice): void {
    const { store, now, journalMs } = this.parts;
    const newest = store.newestJournal()?.first ?? 0;
    const range = { start: numberKey(0), end: numberKey(newest), limit: SLICE };
    for (const { key, value } of store.journal.getRange(range)) {
      const { timestamp, last, keptUntil } = decodeJournalHead(value);
      if (now() < keptUntil || now() < timestamp + journalMs) return;
      const first = readNumber(key);
      finished.push(() => store.sweepJournal(first, last));
    }
  }

  /** Inside a commit: what the disk holds does not change until it is through. */
  private delete({ places, finished }: Slice): void {
    const { store } = this.parts;
    const newestGoing = new Map<number, number>();
    for (const [cid, first] of places) {
      store.remove(store.blocks, pairKey(cid, first));
      newestGoing.set(cid, Math.max(newestGoing.get(cid) ?? 0, first));
    }
    for (const [cid, first] of newestGoing) {
      if (store.newestPlace(cid)?.[1] === first) this.saveHead(cid);
    }
    for (const finish of finished) finish();
  }

  /** With its last block a channel would lose where it stood. */
  private saveHead(cid: number): void {
    const { store, channels } = this.parts;
    const channel = channels.findByNumber(cid);
    if (!channel) return;
    const head = { ...channel.ref, ...channel.durable, purgedThrough: channel.purging };
    store.put(store.heads, numberKey(cid), encodeHead(head));
  }
}
