import type { Retention, Stored } from '../port.js';
import { blockBytes } from './block.js';
import type { BlockContent } from './block.js';
import type { Channel } from './channels.js';

/** A block while its commit still gathers: what one commit brings one channel under one retention and label. */
export class Draft {
  readonly positions: number[] = [];
  readonly payloads: Uint8Array[] = [];
  payloadBytes = 0;
  readonly previous: number;
  /** Ordinal of the first message. */
  readonly ordinal: number;
  private ttls: number[] | null = null;

  constructor(
    readonly channel: Channel,
    readonly retention: Retention,
    readonly label: string,
  ) {
    this.previous = channel.accepted.last;
    this.ordinal = channel.accepted.ordinal + 1;
  }

  takes(retention: Retention, label: string): boolean {
    return (
      this.label === label &&
      (this.retention === retention ||
        (this.retention.seconds === retention.seconds &&
          this.retention.messages === retention.messages))
    );
  }

  add(position: number, payload: Uint8Array, ttl: number | undefined): void {
    if (ttl !== undefined) {
      this.ttls ??= this.positions.map(() => Infinity);
      this.ttls.push(ttl);
    } else {
      this.ttls?.push(Infinity);
    }
    this.positions.push(position);
    this.payloads.push(payload);
    this.payloadBytes += payload.length;
  }

  get first(): number {
    return this.positions[0]!;
  }

  get last(): number {
    return this.positions[this.positions.length - 1]!;
  }

  get lastOrdinal(): number {
    return this.ordinal + this.positions.length - 1;
  }

  get bytes(): number {
    return blockBytes(this.positions.length, this.payloadBytes, this.ttls !== null);
  }

  keptUntil(timestamp: number): number {
    return timestamp + this.retention.seconds * 1000;
  }

  content(timestamp: number): BlockContent {
    const { channel, positions, payloads, payloadBytes, ordinal, previous } = this;
    return {
      cid: channel.cid,
      positions,
      payloads,
      shownUntil: this.ttls?.map((ttl) => timestamp + ttl * 1000) ?? null,
      payloadBytes,
      ordinal,
      previous,
      timestamp,
      keptUntil: this.keptUntil(timestamp),
      keepMessages: this.retention.messages,
    };
  }

  /** As listeners get them: with the very payloads that were appended. */
  stored(timestamp: number): Stored[] {
    const { positions, payloads } = this;
    const channel = this.channel.ref;
    let previous = this.previous;
    return payloads.map((payload, index) => {
      const position = positions[index]!;
      const message = { channel, position, previous, timestamp, payload };
      previous = position;
      return message;
    });
  }
}
