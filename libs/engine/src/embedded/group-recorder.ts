import { encodeBlock } from './block.js';
import type { Channel } from './channels.js';
import type { Counters } from './counters.js';
import type { Group } from './group.js';
import type { IdIndex } from './ids.js';
import { NUMBER_MAX, numberKey, pairKey } from './keys.js';
import type { LogStore } from './log-store.js';
import { encodeHead, encodeJournal, encodePlaces } from './records.js';
import type { BlockPlace, JournalLine } from './records.js';

/** Bytes kept for encoding from one commit to the next; larger commits bring their own. */
const ARENA_BYTES = 1024 * 1024;

/** Turns a group into the records of its commit. */
export class GroupRecorder {
  // LMDB reads the bytes until its commit is through; the next group is only then encoded.
  private readonly arena: Buffer = Buffer.allocUnsafeSlow(ARENA_BYTES);

  constructor(
    private readonly store: LogStore,
    private readonly ids: IdIndex,
    private readonly counters: Counters,
  ) {}

  /** Inside a commit. Returns the bytes of the blocks. */
  write(group: Group): number {
    const bytes = group.drafts.reduce((sum, draft) => sum + draft.bytes, 0);
    const arena = bytes <= this.arena.length ? this.arena : Buffer.allocUnsafeSlow(bytes);
    const lines: JournalLine[] = [];
    const leaving = new Map<number, BlockPlace[]>();
    let at = 0;
    for (const draft of group.drafts) {
      const { channel, first } = draft;
      if (channel.isNew) this.writeName(channel);
      const end = encodeBlock(arena, at, draft.content(group.timestamp));
      this.store.put(this.store.blocks, pairKey(channel.cid, first), arena.subarray(at, end));
      at = end;
      const { length: count } = draft.positions;
      const keptUntil = Math.min(draft.keptUntil(group.timestamp), NUMBER_MAX);
      const { payloadBytes: bytes, label } = draft;
      lines.push({ cid: channel.cid, first, count, bytes, keptUntil, label });
      const places = leaving.get(keptUntil);
      if (places) places.push([channel.cid, first]);
      else leaving.set(keptUntil, [[channel.cid, first]]);
    }
    if (lines.length > 0) this.writeLists(group, lines, leaving);
    this.ids.write(group);
    this.counters.write(group);
    for (const work of group.work) work.write();
    return bytes;
  }

  private writeLists(
    group: Group,
    lines: readonly JournalLine[],
    leaving: ReadonlyMap<number, readonly BlockPlace[]>,
  ): void {
    const { store } = this;
    const { timestamp, first, last } = group;
    let keptUntil = 0;
    for (const [until, places] of leaving) {
      keptUntil = Math.max(keptUntil, until);
      store.put(store.expiry, pairKey(until, first), encodePlaces(places));
    }
    store.put(
      store.journal,
      numberKey(first),
      encodeJournal({ timestamp, last, keptUntil, lines }),
    );
  }

  private writeName(channel: Channel): void {
    const { store } = this;
    store.put(store.channels, Buffer.from(channel.key), numberKey(channel.cid));
    const head = { last: 0, ordinal: 0, keepMessages: null, purgedThrough: 0 };
    store.put(store.heads, numberKey(channel.cid), encodeHead({ ...channel.ref, ...head }));
  }
}
