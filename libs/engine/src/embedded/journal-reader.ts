import type { ChannelRef, JournalLine, JournalRead, StoredBytes } from '../port.js';
import { NUMBER_MAX, numberKey, readNumber } from './keys.js';
import type { LogStore } from './log-store.js';
import type { LogWriter } from './log-writer.js';
import type { Origin } from './origin.js';
import { decodeHead, decodeJournal } from './records.js';

export interface JournalReaderParts {
  readonly store: LogStore;
  readonly writer: LogWriter;
  readonly origin: Origin;
}

const NAMES_KEPT = 10_000;
/** Journal lines looked at before others have their turn. */
const SLICE = 2000;

/** Reads the journal as the port shows it: with channels by their names. */
export class JournalReader {
  /** Channel number → name; a number never gets another one. */
  private readonly names = new Map<number, ChannelRef>();

  constructor(private readonly parts: JournalReaderParts) {}

  read(after: number, limit: number): JournalRead {
    const { store, writer, origin } = this.parts;
    const lines: JournalLine[] = [];
    let through = after;
    let isWhole = true;
    for (const { key, value } of store.journal.getRange({
      start: numberKey(Math.min(after + 1, NUMBER_MAX)),
    })) {
      const first = readNumber(key);
      if (first > writer.durable) break;
      const entry = decodeJournal(value);
      if (lines.length > 0 && lines.length + entry.lines.length > limit) {
        isWhole = false;
        break;
      }
      for (const line of entry.lines) {
        lines.push({
          channel: this.nameOf(line.cid),
          label: line.label,
          timestamp: entry.timestamp,
          first: line.first,
          messages: line.count,
          bytes: line.bytes,
          keptUntil: line.keptUntil,
        });
      }
      through = entry.last;
    }
    return {
      epoch: origin.epoch,
      base: origin.base,
      lines,
      through,
      completeTo: isWhole ? writer.completeTo : null,
      truncated: store.journalSweptThrough() > after,
    };
  }

  /** Blocks that are still there; in slices, so that nobody waits for it. */
  async stored(): Promise<StoredBytes[]> {
    const { store } = this.parts;
    const sums = new Map<string, { app: string; label: string; bytes: number }>();
    for (let next = 0; ;) {
      let rest = SLICE;
      let found = store.journalFrom(next);
      for (; found && rest > 0; found = store.journalFrom(next)) {
        next = found.entry.last + 1;
        rest -= found.entry.lines.length;
        for (const { cid, first, bytes, label } of found.entry.lines) {
          if (!store.hasBlock(cid, first)) continue;
          const { app } = this.nameOf(cid);
          const id = `${app}\u0000${label}`;
          const sum = sums.get(id);
          if (sum) sum.bytes += bytes;
          else sums.set(id, { app, label, bytes });
        }
      }
      if (!found) return [...sums.values()];
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private nameOf(cid: number): ChannelRef {
    const known = this.names.get(cid);
    if (known) return known;
    const record = this.parts.store.heads.get(numberKey(cid));
    // Its head was written with its first message: without it the log is damaged.
    if (!record) throw new Error(`The message log does not know the name of its channel ${cid}.`);
    const { app, name } = decodeHead(record);
    const ref = { app, name };
    if (this.names.size >= NAMES_KEPT) this.names.clear();
    this.names.set(cid, ref);
    return ref;
  }
}
