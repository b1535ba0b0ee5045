import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;
const FIRST_ROOM = 1024;

/**
 * HMAC-SHA-256 (RFC 2104) over one-shot hashes: node:crypto's Hmac object costs four times as much for
 * inputs as short as ours, and one is needed for each answer. A test compares it with node:crypto.
 */
export class KeyedHash {
  private inner = Buffer.alloc(FIRST_ROOM);
  private readonly outer = Buffer.alloc(BLOCK + DIGEST);

  constructor(key: Uint8Array) {
    const short = key.length > BLOCK ? Buffer.from(hash('sha256', key, 'binary'), 'latin1') : key;
    for (let i = 0; i < BLOCK; i++) {
      this.inner[i] = (short[i] ?? 0) ^ 0x36;
      this.outer[i] = (short[i] ?? 0) ^ 0x5c;
    }
  }

  /** The first `bytes` of the digest, one character (U+0000 to U+00FF) for each byte. */
  digest(data: Uint8Array, bytes: number): string {
    const length = BLOCK + data.length;
    if (length > this.inner.length) this.grow(length);
    this.inner.set(data, BLOCK);
    this.outer.write(hash('sha256', this.inner.subarray(0, length), 'binary'), BLOCK, 'latin1');
    return hash('sha256', this.outer, 'binary').slice(0, bytes);
  }

  private grow(length: number): void {
    const room = Buffer.alloc(length * 2);
    this.inner.copy(room, 0, 0, BLOCK);
    this.inner = room;
  }
}
