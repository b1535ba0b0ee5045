import type { ChannelRef, Place, ReadLimit, ReadResult, Stored } from '../port.js';
import { Block } from './block.js';
import type { Channel, Channels } from './channels.js';
import type { LogStore, RawBlock } from './log-store.js';

export interface LogReaderParts {
  readonly store: LogStore;
  readonly channels: Channels;
  readonly epoch: string;
  /** Milliseconds since 1970; never before the last accept time. */
  readonly now: () => number;
  /** The last position of the whole log that is on the disk. */
  readonly durable: () => number;
  readonly onCorrupt: (cid: number, first: number) => void;
}

/** The messages of one answer, as far as the limit lets them through. */
class Page {
  readonly messages: Stored[] = [];
  more = false;
  private bytes = 0;

  constructor(private readonly limit: ReadLimit) {}

  /** False when it is full: then there is more. */
  add(message: Stored): boolean {
    const { messages, limit } = this;
    this.bytes += message.payload.length;
    this.more =
      messages.length >= limit.messages || (messages.length > 0 && this.bytes > limit.bytes);
    if (!this.more) messages.push(message);
    return !this.more;
  }
}

/**
 * Reads a channel. What retention no longer keeps is not handed out, whether or not its block has been
 * deleted yet; nothing that is not durable is handed out.
 */
export class LogReader {
  constructor(private readonly parts: LogReaderParts) {}

  read(ref: ChannelRef, after: Place | null, limit: ReadLimit): ReadResult {
    const { epoch } = this.parts;
    const foreign =
      after !== null &&
      (after.epoch !== epoch || !(after.position >= 0 && after.position <= this.parts.durable()));
    const from = after === null || foreign ? 0 : after.position;
    const channel = this.parts.channels.find(ref);
    const page = new Page(limit);
    // The common case: nothing new, and nothing to be read from the disk.
    if (!channel || from >= channel.durable.last) {
      return { status: foreign ? 'epoch_changed' : 'ok', epoch, messages: [], more: false };
    }
    const found = this.collect(channel, from, page);
    const { messages, more } = page;
    if (foreign || found.damaged) return { status: 'epoch_changed', epoch, messages, more };
    if (after === null || !found.lost) return { status: 'ok', epoch, messages, more };
    return {
      status: 'truncated',
      epoch,
      messages,
      more,
      ...(found.missing === null ? {} : { missing: found.missing }),
    };
  }

  readBack(ref: ChannelRef, before: number | null, limit: ReadLimit): ReadResult {
    const { epoch } = this.parts;
    const channel = this.parts.channels.find(ref);
    const page = new Page(limit);
    let damaged = false;
    const end = Math.min(before ?? Infinity, (channel?.durable.last ?? 0) + 1);
    if (channel) {
      for (const raw of this.parts.store.blocksBack(channel.cid, end - 1)) {
        const block = this.decode(raw);
        if (!block) {
          damaged = true;
          continue;
        }
        if (block.lastOrdinal < this.firstCounted(channel)) break;
        if (!this.addBack(channel, block, end, page)) break;
      }
    }
    const { messages, more } = page;
    return { status: damaged ? 'epoch_changed' : 'ok', epoch, messages, more };
  }

  /** Goes over the blocks after `from`, and tells what was lost before the first kept message. */
  private collect(
    channel: Channel,
    from: number,
    page: Page,
  ): { lost: boolean; missing: number | null; damaged: boolean } {
    /** Messages of the channel up to `from`; null: not known. */
    let before: number | null = from === 0 ? 0 : null;
    let firstKept: number | null = null;
    let damaged = false;
    for (const raw of this.blocksFrom(channel, from)) {
      const block = this.decode(raw);
      if (!block) {
        // Hand out what came before the damage; the next read begins at it and tells.
        if (page.messages.length > 0) {
          page.more = true;
          break;
        }
        damaged = true;
        continue;
      }
      before ??= countThrough(block, from);
      firstKept ??= this.firstKept(channel, block, from);
      if (!this.add(channel, block, from, page)) break;
    }
    const kept = firstKept ?? channel.durable.ordinal + 1;
    const missing = before === null ? null : kept - 1 - before;
    // A gap whose size is not known is still a gap: something stood there, or `before` were known.
    return { lost: missing === null || missing > 0, missing, damaged };
  }

  /** The blocks with messages after `from`; the one that holds `from` itself may have some too. */
  private *blocksFrom(channel: Channel, from: number): Generator<RawBlock> {
    const { store } = this.parts;
    let isFirst = true;
    for (const raw of store.blocksAfter(channel.cid, from)) {
      // Visible, but its flush has not been told yet. What stands before it may be in the block of `from`.
      if (raw.first > channel.durable.last) break;
      if (isFirst && from > 0) yield* this.straddling(channel, from, raw);
      isFirst = false;
      yield raw;
    }
    if (isFirst && from > 0) yield* this.straddling(channel, from, null);
  }

  private *straddling(channel: Channel, from: number, next: RawBlock | null): Generator<RawBlock> {
    const { store } = this.parts;
    if (next) {
      const block = Block.decode(next.bytes, channel.cid, next.first);
      if (block && block.previous <= from) return;
    }
    const earlier = store.newestBlock(channel.cid, from);
    if (earlier) yield earlier;
  }

  private add(channel: Channel, block: Block, from: number, page: Page): boolean {
    const now = this.parts.now();
    if (now >= block.keptUntil) return true;
    const offsets = block.offsets();
    for (let i = 0; i < block.count; i++) {
      const position = block.position(i);
      if (position <= from || !this.isShown(channel, block, i, position, now)) continue;
      if (!page.add(this.stored(channel, block, offsets, i))) return false;
    }
    return true;
  }

  private addBack(channel: Channel, block: Block, end: number, page: Page): boolean {
    const now = this.parts.now();
    if (now >= block.keptUntil) return true;
    const offsets = block.offsets();
    for (let i = block.count - 1; i >= 0; i--) {
      const position = block.position(i);
      if (position >= end || !this.isShown(channel, block, i, position, now)) continue;
      if (!page.add(this.stored(channel, block, offsets, i))) return false;
    }
    return true;
  }

  private isShown(
    channel: Channel,
    block: Block,
    index: number,
    position: number,
    now: number,
  ): boolean {
    return (
      position > channel.purgedThrough &&
      position <= channel.durable.last &&
      block.ordinal + index >= this.firstCounted(channel) &&
      now < block.shownUntil(index)
    );
  }

  /** The ordinal of the first message after `from` that retention keeps, ttl or not; null: none here. */
  private firstKept(channel: Channel, block: Block, from: number): number | null {
    if (this.parts.now() >= block.keptUntil) return null;
    for (let i = 0; i < block.count; i++) {
      const position = block.position(i);
      const ordinal = block.ordinal + i;
      if (position <= from || position <= channel.purgedThrough) continue;
      if (ordinal >= this.firstCounted(channel)) return ordinal;
    }
    return null;
  }

  /** The ordinal of the oldest message that the count policy keeps. */
  private firstCounted(channel: Channel): number {
    const { ordinal, keepMessages } = channel.durable;
    return keepMessages === null ? 0 : ordinal - keepMessages + 1;
  }

  private stored(channel: Channel, block: Block, offsets: number[], index: number): Stored {
    return {
      channel: channel.ref,
      position: block.position(index),
      previous: block.previousOf(index),
      timestamp: block.timestamp,
      payload: block.payload(offsets, index),
    };
  }

  private decode(raw: RawBlock): Block | null {
    const block = Block.decode(raw.bytes, raw.cid, raw.first);
    if (!block) this.parts.onCorrupt(raw.cid, raw.first);
    return block;
  }
}

/** How many messages of the channel stand up to `from`, as far as this block can tell. */
function countThrough(block: Block, from: number): number | null {
  if (block.first > from) return block.previous <= from ? block.ordinal - 1 : null;
  let index = 0;
  while (index < block.count && block.position(index) <= from) index++;
  return block.ordinal + index - 1;
}
