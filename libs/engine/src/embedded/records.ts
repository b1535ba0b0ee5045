import { decodeCount, encodeCount, PAIR_BYTES, readNumber, readPair, writePair } from './keys.js';

/**
 * What the log knows of a channel apart from its blocks: its name, for the way back from a number,
 * and where it stood when its last block went, so that positions, `previous` and ordinals go on.
 */
export interface HeadRecord {
  readonly app: string;
  readonly name: string;
  readonly last: number;
  readonly ordinal: number;
  readonly keepMessages: number | null;
  /** Messages up to here were purged; their blocks may still be on their way out. */
  readonly purgedThrough: number;
}

export function encodeHead(head: HeadRecord): Buffer {
  const app = Buffer.from(head.app);
  const bytes = Buffer.allocUnsafe(30 + app.length + Buffer.byteLength(head.name));
  bytes.writeDoubleLE(head.last, 0);
  bytes.writeDoubleLE(head.ordinal, 8);
  bytes.writeDoubleLE(head.purgedThrough, 16);
  bytes.writeUInt32LE(encodeCount(head.keepMessages), 24);
  bytes.writeUInt16LE(app.length, 28);
  app.copy(bytes, 30);
  bytes.write(head.name, 30 + app.length);
  return bytes;
}

export function decodeHead(value: Uint8Array): HeadRecord {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const nameAt = 30 + bytes.readUInt16LE(28);
  return {
    last: bytes.readDoubleLE(0),
    ordinal: bytes.readDoubleLE(8),
    purgedThrough: bytes.readDoubleLE(16),
    keepMessages: decodeCount(bytes.readUInt32LE(24)),
    app: bytes.toString('utf8', 30, nameAt),
    name: bytes.toString('utf8', nameAt),
  };
}

/** One line of the journal: what a commit stored in one channel. */
export interface JournalLine {
  readonly cid: number;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  readonly keptUntil: number;
  readonly label: string;
}

/** One commit: under its first position, what it stored and when. */
export interface JournalEntry {
  readonly timestamp: number;
  /** The last position of the commit. */
  readonly last: number;
  /** When the last of its messages leaves the log (ms since 1970). */
  readonly keptUntil: number;
  readonly lines: readonly JournalLine[];
}

const JOURNAL_HEADER = 24;
const LINE_BYTES = PAIR_BYTES + 17;

/** A label longer than this cannot be written: its length stands in one byte. */
export const LABEL_BYTES = 255;

export function encodeJournal(entry: JournalEntry): Buffer {
  const labels = entry.lines.map(({ label }) => Buffer.byteLength(label));
  const size = labels.reduce((sum, bytes) => sum + LINE_BYTES + bytes, JOURNAL_HEADER);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeDoubleLE(entry.timestamp, 0);
  bytes.writeDoubleLE(entry.last, 8);
  bytes.writeDoubleLE(entry.keptUntil, 16);
  let at = JOURNAL_HEADER;
  entry.lines.forEach((line, index) => {
    writePair(bytes, at, line.cid, line.first);
    bytes.writeUInt32LE(line.count, at + PAIR_BYTES);
    bytes.writeUInt32LE(line.bytes, at + PAIR_BYTES + 4);
    bytes.writeDoubleLE(line.keptUntil, at + PAIR_BYTES + 8);
    bytes.writeUInt8(labels[index]!, at + PAIR_BYTES + 16);
    at += LINE_BYTES;
    at += bytes.write(line.label, at);
  });
  return bytes;
}

export function decodeJournal(value: Uint8Array): JournalEntry {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const lines: JournalLine[] = [];
  let at = JOURNAL_HEADER;
  while (at + LINE_BYTES <= bytes.length) {
    const [cid, first] = readPair(bytes, at);
    const rest = at + PAIR_BYTES;
    const labelAt = at + LINE_BYTES;
    at = labelAt + bytes.readUInt8(rest + 16);
    lines.push({
      cid,
      first,
      count: bytes.readUInt32LE(rest),
      bytes: bytes.readUInt32LE(rest + 4),
      keptUntil: bytes.readDoubleLE(rest + 8),
      label: bytes.toString('utf8', labelAt, at),
    });
  }
  return { ...decodeJournalHead(bytes), lines };
}

/** Without its lines, for those who only look for a place or a time. */
export function decodeJournalHead(value: Uint8Array): Omit<JournalEntry, 'lines'> {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    timestamp: bytes.readDoubleLE(0),
    last: bytes.readDoubleLE(8),
    keptUntil: bytes.readDoubleLE(16),
  };
}

/** Where a block stands: the key of its record. */
export type BlockPlace = readonly [cid: number, first: number];

export function encodePlaces(places: readonly BlockPlace[]): Buffer {
  const bytes = Buffer.allocUnsafe(places.length * PAIR_BYTES);
  places.forEach(([cid, first], index) => writePair(bytes, index * PAIR_BYTES, cid, first));
  return bytes;
}

export function decodePlaces(value: Uint8Array): BlockPlace[] {
  const places: BlockPlace[] = [];
  for (let at = 0; at + PAIR_BYTES <= value.length; at += PAIR_BYTES) {
    places.push(readPair(value, at));
  }
  return places;
}

/** An id's first time. */
export interface KnownId {
  readonly position: number;
  readonly timestamp: number;
}

export function encodeKnownId(target: Buffer, offset: number, known: KnownId): void {
  writePair(target, offset, known.position, known.timestamp);
}

export function decodeKnownId(value: Uint8Array): KnownId {
  return { position: readNumber(value), timestamp: readNumber(value, 6) };
}
