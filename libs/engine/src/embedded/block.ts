import { crc32 } from 'node:zlib';
import { decodeCount, encodeCount } from './keys.js';

/**
 * A block is what one commit brought one channel under one retention: a single record of the log, so
 * that an array of a thousand messages costs one write.
 *
 *   0 crc32 of the rest   4 version   5 flags   8 count   12 messages kept
 *   16 timestamp   24 kept until   32 ordinal of the first   40 previous
 *   48 count × (position − first position, payload bytes)
 *      count × shown until, only when an entry has a ttl of its own
 *      the payloads, one after the other
 *
 * The checksum covers where the block belongs too: a block under another key does not pass.
 */
const HEADER_BYTES = 48;
const ROW_BYTES = 8;
const TTL_BYTES = 8;
const VERSION = 1;
const HAS_TTL = 1;

export interface BlockContent {
  readonly cid: number;
  readonly positions: readonly number[];
  readonly payloads: readonly Uint8Array[];
  /** Milliseconds since 1970 after which an entry is hidden (Infinity: never); null: no entry has a ttl. */
  readonly shownUntil: readonly number[] | null;
  readonly payloadBytes: number;
  /** Messages of the channel up to and with the first of these. */
  readonly ordinal: number;
  readonly previous: number;
  readonly timestamp: number;
  readonly keptUntil: number;
  readonly keepMessages: number | null;
}

export function blockBytes(count: number, payloadBytes: number, hasTtl: boolean): number {
  return HEADER_BYTES + count * (ROW_BYTES + (hasTtl ? TTL_BYTES : 0)) + payloadBytes;
}

/** Writes the block at `start` and returns its end. The target must have `blockBytes` of room. */
export function encodeBlock(target: Buffer, start: number, block: BlockContent): number {
  const { positions, payloads, shownUntil } = block;
  const first = positions[0]!;
  target.writeUInt32LE(VERSION | ((shownUntil ? HAS_TTL : 0) << 8), start + 4);
  target.writeUInt32LE(positions.length, start + 8);
  target.writeUInt32LE(encodeCount(block.keepMessages), start + 12);
  target.writeDoubleLE(block.timestamp, start + 16);
  target.writeDoubleLE(block.keptUntil, start + 24);
  target.writeDoubleLE(block.ordinal, start + 32);
  target.writeDoubleLE(block.previous, start + 40);
  let row = start + HEADER_BYTES;
  let ttl = row + positions.length * ROW_BYTES;
  let at = ttl + (shownUntil ? positions.length * TTL_BYTES : 0);
  for (let i = 0; i < positions.length; i++) {
    const payload = payloads[i]!;
    target.writeUInt32LE(positions[i]! - first, row);
    target.writeUInt32LE(payload.length, row + 4);
    row += ROW_BYTES;
    if (shownUntil) {
      target.writeDoubleLE(shownUntil[i]!, ttl);
      ttl += TTL_BYTES;
    }
    target.set(payload, at);
    at += payload.length;
  }
  target.writeUInt32LE(checksum(target, start, at, block.cid, first), start);
  return at;
}

/** A block read back. Its payloads are views of the bytes it was made from. */
export class Block {
  private payloadAt = 0;

  private constructor(
    private readonly bytes: Buffer,
    readonly cid: number,
    readonly first: number,
    readonly count: number,
    private readonly hasTtl: boolean,
  ) {}

  /** Null when the bytes are not what was written, or were written for another place. */
  static decode(bytes: Uint8Array, cid: number, first: number): Block | null {
    if (bytes.length < HEADER_BYTES) return null;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (buffer.readUInt32LE(0) !== checksum(buffer, 0, buffer.length, cid, first)) return null;
    const count = buffer.readUInt32LE(8);
    if (buffer[4] !== VERSION || count === 0) return null;
    return new Block(buffer, cid, first, count, (buffer[5]! & HAS_TTL) !== 0);
  }

  get keepMessages(): number | null {
    return decodeCount(this.bytes.readUInt32LE(12));
  }

  get timestamp(): number {
    return this.bytes.readDoubleLE(16);
  }

  get keptUntil(): number {
    return this.bytes.readDoubleLE(24);
  }

  get ordinal(): number {
    return this.bytes.readDoubleLE(32);
  }

  get previous(): number {
    return this.bytes.readDoubleLE(40);
  }

  get last(): number {
    return this.position(this.count - 1);
  }

  get lastOrdinal(): number {
    return this.ordinal + this.count - 1;
  }

  position(index: number): number {
    return this.first + this.bytes.readUInt32LE(HEADER_BYTES + index * ROW_BYTES);
  }

  previousOf(index: number): number {
    return index === 0 ? this.previous : this.position(index - 1);
  }

  shownUntil(index: number): number {
    if (!this.hasTtl) return Infinity;
    return this.bytes.readDoubleLE(HEADER_BYTES + this.count * ROW_BYTES + index * TTL_BYTES);
  }

  /** Where each payload begins, and where the last one ends. */
  offsets(): number[] {
    this.payloadAt ||= HEADER_BYTES + this.count * (ROW_BYTES + (this.hasTtl ? TTL_BYTES : 0));
    const offsets = [this.payloadAt];
    let at = this.payloadAt;
    for (let i = 0; i < this.count; i++) {
      at += this.bytes.readUInt32LE(HEADER_BYTES + i * ROW_BYTES + 4);
      offsets.push(at);
    }
    return offsets;
  }

  payload(offsets: readonly number[], index: number): Uint8Array {
    return this.bytes.subarray(offsets[index], offsets[index + 1]);
  }
}

/** What can be guessed of a block that does not pass its checksum: at least one message stood there. */
export function guessCount(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES) return 1;
  const count = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(8);
  return count >= 1 && count * ROW_BYTES + HEADER_BYTES <= bytes.length ? count : 1;
}

function checksum(bytes: Buffer, start: number, end: number, cid: number, first: number): number {
  return crc32(bytes.subarray(start + 4, end), (cid + first * 31) % 2 ** 32);
}
