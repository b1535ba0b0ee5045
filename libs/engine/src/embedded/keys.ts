import { createHash } from 'node:crypto';

/** Bytes of a channel number, of a position, of a time: 48 bits are 89 years at 100 000 a second. */
const NUMBER_BYTES = 6;
export const PAIR_BYTES = 2 * NUMBER_BYTES;
export const NUMBER_MAX = 2 ** 48 - 1;

/** Longer ids are stored by their hash: LMDB bounds its keys, and the port does not bound ids. */
const RAW_ID_BYTES = 256;

/** Big-endian, so that LMDB's byte order is the order of the numbers. */
export function numberKey(value: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_BYTES);
  key.writeUIntBE(value, 0, NUMBER_BYTES);
  return key;
}

export function readNumber(bytes: Uint8Array, offset = 0): number {
  const high = (bytes[offset]! << 8) | bytes[offset + 1]!;
  const low =
    ((bytes[offset + 2]! << 24) |
      (bytes[offset + 3]! << 16) |
      (bytes[offset + 4]! << 8) |
      bytes[offset + 5]!) >>>
    0;
  return high * 2 ** 32 + low;
}

/** Two numbers as one key: (channel number, position), (expiry, position). */
export function pairKey(first: number, second: number): Buffer {
  const key = Buffer.allocUnsafe(PAIR_BYTES);
  writePair(key, 0, first, second);
  return key;
}

export function writePair(target: Buffer, offset: number, first: number, second: number): void {
  target.writeUIntBE(first, offset, NUMBER_BYTES);
  target.writeUIntBE(second, offset + NUMBER_BYTES, NUMBER_BYTES);
}

export function readPair(bytes: Uint8Array, offset = 0): [first: number, second: number] {
  return [readNumber(bytes, offset), readNumber(bytes, offset + NUMBER_BYTES)];
}

/** No count policy, in the 32 bits that the records have for one. */
const NO_COUNT = 2 ** 32 - 1;

/** A count beyond 32 bits keeps everything that a channel of this log could ever hold. */
export function encodeCount(count: number | null): number {
  return count === null ? NO_COUNT : Math.min(count, NO_COUNT);
}

export function decodeCount(value: number): number | null {
  return value === NO_COUNT ? null : value;
}

/** Channel names hold no control characters, so the zero byte keeps the pairs apart. */
export function channelKey(app: string, name: string): string {
  return `${app}\u0000${name}`;
}

/** The channel number first, so that the ids of one channel stand on few pages. */
export function idKey(cid: number, id: string): Buffer {
  const bytes = Buffer.byteLength(id);
  if (bytes > RAW_ID_BYTES) {
    const hash = createHash('sha256').update(id).digest();
    const key = Buffer.allocUnsafe(NUMBER_BYTES + 1 + hash.length);
    key.writeUIntBE(cid, 0, NUMBER_BYTES);
    key[NUMBER_BYTES] = 1;
    hash.copy(key, NUMBER_BYTES + 1);
    return key;
  }
  const key = Buffer.allocUnsafe(NUMBER_BYTES + 1 + bytes);
  key.writeUIntBE(cid, 0, NUMBER_BYTES);
  key[NUMBER_BYTES] = 0;
  key.write(id, NUMBER_BYTES + 1);
  return key;
}
