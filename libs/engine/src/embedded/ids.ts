import type { Channel } from './channels.js';
import type { Group } from './group.js';
import { idKey, PAIR_BYTES } from './keys.js';
import type { LogStore } from './log-store.js';
import { decodeKnownId, encodeKnownId } from './records.js';
import type { KnownId } from './records.js';

const DAY_MS = 86_400_000;
const VALUE_BYTES = PAIR_BYTES;
const SLOT_KEYS = [Buffer.from('ids-even'), Buffer.from('ids-odd')] as const;

/** An id whose message is on its way to the disk. */
export interface OnItsWay {
  readonly position: number;
  readonly group: Group;
}

export interface PendingId extends OnItsWay {
  readonly channel: Channel;
  readonly id: string;
}

/**
 * The idempotency index. Ids of one UTC day share a table, and a table is emptied as a whole when its
 * turn comes again two days later: an id is known for 24 to 48 hours, at no cost for each one's end.
 */
export class IdIndex {
  /** The day that each table holds; null: empty. */
  private days: [number | null, number | null];

  constructor(private readonly store: LogStore) {
    this.days = [this.savedDay(0), this.savedDay(1)];
  }

  find(channel: Channel, id: string, now: number): PendingId | KnownId | undefined {
    const pending = channel.pendingIds.get(id);
    // A channel that is not in the log yet has no ids there either.
    if (pending || channel.isNew) return pending;
    const today = Math.floor(now / DAY_MS);
    let key: Buffer | undefined;
    for (const slot of [today % 2, (today + 1) % 2] as const) {
      const day = this.days[slot as 0 | 1];
      if (day === null || day < today - 1) continue;
      const value = this.store.ids[slot as 0 | 1].get((key ??= idKey(channel.cid, id)));
      if (value) return decodeKnownId(value);
    }
    return undefined;
  }

  accept(channel: Channel, id: string, position: number, group: Group): void {
    const pending = { channel, id, position, group };
    channel.pendingIds.set(id, pending);
    group.ids.push(pending);
  }

  /** Inside a commit. */
  write(group: Group): void {
    if (group.ids.length === 0) return;
    const day = Math.floor(group.timestamp / DAY_MS);
    const slot = (day % 2) as 0 | 1;
    const table = this.store.ids[slot];
    if (this.days[slot] !== day) {
      this.store.clear(table);
      this.store.put(this.store.meta, SLOT_KEYS[slot], Buffer.from(String(day)));
    }
    const values = Buffer.allocUnsafe(group.ids.length * VALUE_BYTES);
    group.ids.forEach(({ channel, id, position }, index) => {
      const at = index * VALUE_BYTES;
      encodeKnownId(values, at, { position, timestamp: group.timestamp });
      this.store.put(table, idKey(channel.cid, id), values.subarray(at, at + VALUE_BYTES));
    });
  }

  /** After the commit, well or not. */
  settled(group: Group, stored: boolean): void {
    if (group.ids.length === 0) return;
    for (const { channel, id } of group.ids) channel.pendingIds.delete(id);
    if (stored) {
      const day = Math.floor(group.timestamp / DAY_MS);
      this.days[(day % 2) as 0 | 1] = day;
    }
  }

  private savedDay(slot: 0 | 1): number | null {
    const saved = this.store.meta.get(SLOT_KEYS[slot]);
    return saved ? Number(Buffer.from(saved).toString()) : null;
  }
}

export function isPending(known: OnItsWay | KnownId): known is OnItsWay {
  return 'group' in known;
}
