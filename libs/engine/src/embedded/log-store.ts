import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import type { ChannelQuery } from '../port.js';
import { channelKey, NUMBER_MAX, numberKey, pairKey, readNumber, readPair } from './keys.js';
import { decodeJournal } from './records.js';
import type { BlockPlace, JournalEntry } from './records.js';

export type Table = Database<Uint8Array, Buffer>;

export interface RawBlock {
  readonly cid: number;
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** Address space, not memory or disk: what is not written costs nothing. LMDB grows it when it fills. */
const MAP_BYTES = 64 * 1024 ** 3;
const SWEPT_KEY = Buffer.from('journal-swept');
const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const;

/**
 * The tables of the log and their one way to be written: `commit`. Reads are synchronous: they come
 * from the memory map.
 */
export class LogStore {
  /** (channel number, first position) → block. */
  readonly blocks: Table;
  /** app, zero byte, name → channel number. */
  readonly channels: Table;
  /** channel number → head record. */
  readonly heads: Table;
  /** first position of a commit → journal entry. */
  readonly journal: Table;
  /** (kept until, first position of the commit) → places of the blocks that go then. */
  readonly expiry: Table;
  /** channel number → position through which its blocks are to be deleted. */
  readonly trims: Table;
  /** counter → number. */
  readonly counters: Table;
  /** Ids of even days and of odd days. */
  readonly ids: readonly [Table, Table];
  /** Facts about the whole log. */
  readonly meta: Table;

  private constructor(private readonly root: RootDatabase<Uint8Array, Buffer>) {
    this.blocks = root.openDB('blocks', BINARY);
    this.channels = root.openDB('channels', BINARY);
    this.heads = root.openDB('heads', BINARY);
    this.journal = root.openDB('journal', BINARY);
    this.expiry = root.openDB('expiry', BINARY);
    this.trims = root.openDB('trims', BINARY);
    this.counters = root.openDB('counters', BINARY);
    this.ids = [root.openDB('ids-even', BINARY), root.openDB('ids-odd', BINARY)];
    this.meta = root.openDB('meta', BINARY);
  }

  /**
   * Overlapping sync stays off. With it LMDB shows a transaction before it is flushed, and a flush
   * that fails leaves it showing; without it nothing of a failed commit is ever seen. It would gain
   * nothing here: commits already follow one another, each taking all that waited for the last.
   */
  static open(directory: string): LogStore {
    const options = {
      path: join(directory, 'log'),
      ...BINARY,
      maxDbs: 16,
      overlappingSync: false,
      mapSize: MAP_BYTES,
      // The other way to gather writes leaves a promise of LMDB's own behind that nobody can handle,
      // and a failed commit would end the process by it.
      eventTurnBatching: false,
      // Reads are by channel, all over the file: reading ahead would fetch other channels' pages.
      noReadAhead: true,
    };
    return new LogStore(open<Uint8Array, Buffer>(options));
  }

  put(table: Table, key: Buffer, value: Uint8Array): void {
    void table.put(key, value);
  }

  remove(table: Table, key: Buffer): void {
    void table.remove(key);
  }

  clear(table: Table): void {
    void table.clearAsync();
  }

  /**
   * Everything `write` puts, removes and clears becomes one transaction; resolves when it is flushed
   * to the disk. Rejects with the disk's own error, and then nothing of it can be read.
   */
  async commit(write: () => void): Promise<void> {
    try {
      await this.root.batch(write);
    } catch (error) {
      const cause: unknown = (error as { commitError?: Promise<never> }).commitError;
      throw await Promise.resolve(cause ?? error).then(
        (settled) => settled,
        (reason: unknown) => reason,
      );
    }
  }

  /** The blocks of a channel that begin after `position`, oldest first. */
  *blocksAfter(cid: number, position: number): Generator<RawBlock> {
    const range = { start: pairKey(cid, position + 1), end: pairKey(cid + 1, 0) };
    for (const { key, value } of this.blocks.getRange(range)) {
      yield { cid, first: readNumber(key, 6), bytes: value };
    }
  }

  /** The blocks of a channel that begin at or before `position`, newest first. */
  *blocksBack(cid: number, position: number): Generator<RawBlock> {
    if (position < 1) return;
    const range = {
      start: pairKey(cid, Math.min(position, NUMBER_MAX)),
      end: pairKey(cid, 0),
      reverse: true,
    };
    for (const { key, value } of this.blocks.getRange(range)) {
      yield { cid, first: readNumber(key, 6), bytes: value };
    }
  }

  /** Reads no further than its caller asks. */
  *channelNames({ app, prefix, after, limit }: ChannelQuery): Generator<string> {
    const begin = channelKey(app, '').length;
    const wanted = Buffer.from(channelKey(app, prefix));
    const last = after === null ? wanted : Buffer.from(channelKey(app, after));
    const start = Buffer.compare(last, wanted) < 0 ? wanted : last;
    let found = 0;
    for (const key of this.channels.getKeys({ start })) {
      if (found === limit || !key.subarray(0, wanted.length).equals(wanted)) return;
      const name = key.toString('utf8').slice(begin);
      if (name === after) continue;
      found += 1;
      yield name;
    }
  }

  newestBlock(cid: number, atOrBefore: number = NUMBER_MAX): RawBlock | null {
    for (const block of this.blocksBack(cid, atOrBefore)) return block;
    return null;
  }

  hasBlock(cid: number, first: number): boolean {
    return this.blocks.doesExist(pairKey(cid, first));
  }

  newestPlace(cid: number): BlockPlace | null {
    const range = {
      start: pairKey(cid, NUMBER_MAX),
      end: pairKey(cid, 0),
      reverse: true,
      limit: 1,
    };
    for (const key of this.blocks.getKeys(range)) return readPair(key);
    return null;
  }

  /** The first commit at or after `position`. */
  journalFrom(position: number): { first: number; entry: JournalEntry } | null {
    for (const { key, value } of this.journal.getRange({ start: numberKey(position), limit: 1 })) {
      return { first: readNumber(key), entry: decodeJournal(value) };
    }
    return null;
  }

  newestJournal(): { first: number; entry: JournalEntry } | null {
    const range = { start: numberKey(NUMBER_MAX), end: numberKey(0), reverse: true, limit: 1 };
    for (const { key, value } of this.journal.getRange(range)) {
      return { first: readNumber(key), entry: decodeJournal(value) };
    }
    return null;
  }

  /** Commits up to here have left the journal. */
  journalSweptThrough(): number {
    const value = this.meta.get(SWEPT_KEY);
    return value ? readNumber(value) : 0;
  }

  /** Inside a commit. */
  sweepJournal(first: number, last: number): void {
    this.remove(this.journal, numberKey(first));
    this.put(this.meta, SWEPT_KEY, numberKey(last));
  }

  newestCid(): number {
    const range = { start: numberKey(NUMBER_MAX), end: numberKey(0), reverse: true, limit: 1 };
    for (const key of this.heads.getKeys(range)) return readNumber(key);
    return 0;
  }

  /** Inside a commit: a write that changes nothing, to learn whether the disk takes one. */
  touch(): void {
    this.put(this.meta, Buffer.from('touched'), Buffer.alloc(1));
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}
