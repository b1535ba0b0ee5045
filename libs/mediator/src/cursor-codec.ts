import { KeyedHash } from './keyed-hash.js';

const VERSION = 1;
const MAC_BYTES = 12;
const APP_TAG_BYTES = 4;
const CHANNEL_TAG_BYTES = 8;
/** A cursor longer than this is none of ours: it bounds the work that a stranger's text can cause. */
const MAX_TEXT = 16_384;
const MAX_CHANNELS = 1000;
const MAX_EPOCH_BYTES = 255;
const FIRST_ROOM = 2048;

/** What one cursor says. The arrays run in parallel, ordered by position, then tag. */
export interface CursorContent {
  /** Keyed hash of each app, ascending. */
  readonly apps: readonly string[];
  /** Keyed hash of each channel. */
  readonly tags: readonly string[];
  readonly positions: readonly number[];
  readonly epochs: readonly string[];
}

/**
 * A cursor's text: base64url of
 *   version, count and tags of apps, count and texts of epochs, count of channels,
 *   for each channel: tag (8), position less the one before it (varint), index of its epoch if there
 *   are several (varint); then HMAC-SHA-256 over all of that (12).
 * Nothing in it is secret: it is signed so that a reader can only be where it was let in, and the
 * channel names are hashed so that 500 of them fit into a header. Same content, same text.
 */
export class CursorCodec {
  private readonly mac: KeyedHash;
  private readonly names: KeyedHash;
  private room = Buffer.alloc(FIRST_ROOM);
  private at = 0;

  /** All nodes that serve the same apps need the same secret. */
  constructor(secret: Uint8Array) {
    const derive = (use: string): KeyedHash =>
      new KeyedHash(Buffer.from(new KeyedHash(secret).digest(Buffer.from(use), 32), 'latin1'));
    this.mac = derive('holdline cursor');
    this.names = derive('holdline channel tag');
  }

  appTag(app: string): string {
    return this.names.digest(Buffer.from(app), APP_TAG_BYTES);
  }

  /** Differs for the same name in another app, so a cursor is worth nothing there. */
  channelTag(app: string, name: string): string {
    const ofApp = Buffer.byteLength(app);
    return this.names.digest(Buffer.from(`${ofApp}:${app}${name}`), CHANNEL_TAG_BYTES);
  }

  /** `order` names the entries by index, sorted by position, then tag. */
  encode(
    apps: readonly string[],
    tags: readonly string[],
    positions: readonly number[],
    epochs: readonly string[],
    order: readonly number[],
  ): string {
    const table: string[] = [];
    for (const i of order) if (!table.includes(epochs[i]!)) table.push(epochs[i]!);
    this.begin(apps.length, table, order.length);
    this.varint(apps.length);
    for (const app of apps) this.at += this.room.write(app, this.at, 'latin1');
    this.varint(table.length);
    for (const epoch of table) {
      const bytes = Buffer.byteLength(epoch);
      if (bytes > MAX_EPOCH_BYTES) throw new RangeError('an epoch has at most 255 bytes');
      this.room[this.at++] = bytes;
      this.at += this.room.write(epoch, this.at, 'utf8');
    }
    this.varint(order.length);
    let before = 0;
    for (const i of order) {
      this.at += this.room.write(tags[i]!, this.at, 'latin1');
      this.varint(positions[i]! - before);
      before = positions[i]!;
      if (table.length > 1) this.varint(table.indexOf(epochs[i]!));
    }
    const signed = this.room.subarray(0, this.at);
    this.at += this.room.write(this.mac.digest(signed, MAC_BYTES), this.at, 'latin1');
    return this.room.toString('base64url', 0, this.at);
  }

  /** Null for whatever this secret did not sign, however it is broken. */
  decode(text: string): CursorContent | null {
    if (text.length > MAX_TEXT) return null;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length <= MAC_BYTES || bytes[0] !== VERSION) return null;
    // Node's decoder lets strange characters and loose bits pass; one content has one text only.
    if (bytes.toString('base64url') !== text) return null;
    const end = bytes.length - MAC_BYTES;
    if (
      !sameText(this.mac.digest(bytes.subarray(0, end), MAC_BYTES), bytes.toString('latin1', end))
    ) {
      return null;
    }
    try {
      return new Reader(bytes, end).content();
    } catch (fault) {
      if (fault instanceof Malformed) return null;
      throw fault;
    }
  }

  private begin(apps: number, epochs: readonly string[], channels: number): void {
    const most =
      64 +
      apps * APP_TAG_BYTES +
      epochs.length * (MAX_EPOCH_BYTES + 1) +
      channels * (CHANNEL_TAG_BYTES + 24);
    if (most > this.room.length) this.room = Buffer.alloc(most * 2);
    this.room[0] = VERSION;
    this.at = 1;
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.room[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.room[this.at++] = rest;
  }
}

class Malformed extends Error {}

class Reader {
  private at = 1;

  constructor(
    private readonly bytes: Buffer,
    private readonly end: number,
  ) {}

  content(): CursorContent {
    const apps = Array.from({ length: this.count() }, () => this.take(APP_TAG_BYTES));
    const table = Array.from({ length: this.count() }, () => this.epoch());
    const channels = this.count();
    const tags: string[] = [];
    const positions: number[] = [];
    const epochs: string[] = [];
    let position = 0;
    for (let i = 0; i < channels; i++) {
      tags.push(this.take(CHANNEL_TAG_BYTES));
      position += this.varint();
      positions.push(position);
      const epoch = table[table.length > 1 ? this.varint() : 0];
      if (epoch === undefined || !Number.isSafeInteger(position)) throw new Malformed();
      epochs.push(epoch);
    }
    if (this.at !== this.end) throw new Malformed();
    return { apps, tags, positions, epochs };
  }

  private epoch(): string {
    const length = this.varint();
    const from = this.at;
    this.take(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  private take(length: number): string {
    const from = this.at;
    this.at += length;
    if (this.at > this.end) throw new Malformed();
    return this.bytes.toString('latin1', from, this.at);
  }

  private count(): number {
    const count = this.varint();
    if (count > MAX_CHANNELS) throw new Malformed();
    return count;
  }

  private varint(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      if (this.at >= this.end) throw new Malformed();
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
      if (value > Number.MAX_SAFE_INTEGER || unit > Number.MAX_SAFE_INTEGER) throw new Malformed();
    }
  }
}

/** In a time that does not tell where two texts of one length differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
