import type { ChannelRef, ReadLimit, Retention, Stored } from '../port.js';

export interface ModelMessage {
  readonly stored: Stored;
  /** Count of messages of the channel up to and with this one. */
  readonly ordinal: number;
  /** Milliseconds since 1970 after which retention has let go of it. */
  readonly keptUntil: number;
  /** Milliseconds since 1970 after which its own ttl hides it. */
  readonly shownUntil: number;
}

/** One channel of the model: everything it ever stored, in a plain list; what is kept is asked each time. */
export class ModelChannel {
  readonly messages: ModelMessage[] = [];
  readonly ids = new Map<string, { readonly position: number; readonly timestamp: number }>();
  /** The newest append's count policy rules the whole channel. */
  keepMessages: number | null = null;
  private purgedThrough = 0;

  constructor(readonly ref: ChannelRef) {}

  get last(): number {
    return this.messages.at(-1)?.stored.position ?? 0;
  }

  add(stored: Stored, retention: Retention, ttl: number | undefined): void {
    const keptUntil = stored.timestamp + retention.seconds * 1000;
    const shownUntil = ttl === undefined ? Infinity : stored.timestamp + ttl * 1000;
    this.messages.push({ stored, ordinal: this.messages.length + 1, keptUntil, shownUntil });
    this.keepMessages = retention.messages;
  }

  purge(): void {
    this.purgedThrough = this.last;
  }

  isKept(message: ModelMessage, now: number): boolean {
    const firstCounted = this.messages.length - (this.keepMessages ?? Infinity) + 1;
    return (
      now < message.keptUntil &&
      message.ordinal >= firstCounted &&
      message.stored.position > this.purgedThrough
    );
  }
}

/** As many of `candidates` as the limit lets through. */
export function takeWithin(
  candidates: readonly Stored[],
  limit: ReadLimit,
): { messages: Stored[]; more: boolean } {
  const messages: Stored[] = [];
  let bytes = 0;
  for (const message of candidates) {
    bytes += message.payload.length;
    if (messages.length >= limit.messages || (messages.length > 0 && bytes > limit.bytes)) break;
    messages.push(message);
  }
  return { messages, more: messages.length < candidates.length };
}
