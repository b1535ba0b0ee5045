import { KeyedHash } from '../keyed-hash.js';
import type { GroupRef } from './types.js';

const NUMBER_BYTES = 8;
const MAC_BYTES = 16;
const BYTES = 2 * NUMBER_BYTES + MAC_BYTES;
const TAG_BYTES = 16;

/** One handing out of one message. */
export interface Handing {
  readonly position: number;
  /** Grows with every message that the group hands out, so an older handing out is told from a newer. */
  readonly serial: number;
}

/**
 * The ids by which members ack: base64url of position and serial, signed for this life of this group.
 * Nobody can make one, and one of another group, or of a group that was deleted, is worth nothing.
 */
export class AckIds {
  private readonly tag: Buffer;

  constructor(
    private readonly mac: KeyedHash,
    ref: GroupRef,
    generation: string,
  ) {
    const name = JSON.stringify([ref.app, ref.channel, ref.group, generation]);
    this.tag = Buffer.from(mac.digest(Buffer.from(name), TAG_BYTES), 'latin1');
  }

  /** The key of all ack ids; the same on every node that serves the same apps. */
  static key(secret: Uint8Array): KeyedHash {
    const key = new KeyedHash(secret).digest(Buffer.from('holdline ack id'), 32);
    return new KeyedHash(Buffer.from(key, 'latin1'));
  }

  encode({ position, serial }: Handing): string {
    const bytes = Buffer.allocUnsafe(BYTES);
    bytes.writeDoubleBE(position, 0);
    bytes.writeDoubleBE(serial, NUMBER_BYTES);
    bytes.write(this.sign(bytes), 2 * NUMBER_BYTES, 'latin1');
    return bytes.toString('base64url');
  }

  /** Null for whatever this group did not give out. */
  decode(text: string): Handing | null {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== BYTES || bytes.toString('base64url') !== text) return null;
    if (!same(this.sign(bytes), bytes.toString('latin1', 2 * NUMBER_BYTES))) return null;
    return { position: bytes.readDoubleBE(0), serial: bytes.readDoubleBE(NUMBER_BYTES) };
  }

  private sign(bytes: Buffer): string {
    const signed = Buffer.concat([this.tag, bytes.subarray(0, 2 * NUMBER_BYTES)]);
    return this.mac.digest(signed, MAC_BYTES);
  }
}

/** In a time that does not tell where two texts of one length differ. */
function same(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
