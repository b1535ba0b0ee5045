import { Problem } from '#contracts';
import type { From } from '#contracts';
import type { ChannelRef, Engine, ReadLimit, ReadResult, Tail } from '#engine';
import type { KnownPlace } from './cursor-book.js';
import type { Deadlines } from './deadlines.js';

/** `from=-N` counts back at most this far: it reads what it counts. */
const MAX_BACK = 10_000;
const READ_BACK_AT_ONCE = 1000;
/** Milliseconds between attempts to get an answer from somebody who knows the whole log. */
const PATIENCE: readonly number[] = [50, 100, 200, 400];

/** Whatever stands for a channel. */
interface InLog {
  readonly ref: ChannelRef;
}

/** Where a poll begins in one channel, and what was read on the way to finding that out. */
export interface Start {
  readonly place: KnownPlace;
  readonly tail: Tail;
  /** What follows `place`, if that is known. */
  readonly read: ReadResult | null;
  /** False if a log that has messages showed none: they are gone, or who answered lags behind. */
  readonly sure: boolean;
}

/** Throws a Problem for a `from` that asks too much. */
export function checkFrom(from: From): void {
  if (from.kind !== 'last' || from.count <= MAX_BACK) return;
  throw new Problem(
    'invalid_request',
    `from=-${from.count} counts back too far: at most -${MAX_BACK}. Use from=start, a time, or the history.`,
  );
}

/** Turns `from` into a place, once for each channel of a poll that has no cursor for it. */
export class StartingPoints {
  private readonly consistent: boolean;

  constructor(
    private readonly engine: Engine,
    private readonly deadlines: Deadlines,
  ) {
    this.consistent = engine.capabilities.nodes === 'one';
  }

  async find(
    channel: InLog,
    from: Exclude<From, { kind: 'now' }>,
    limit: ReadLimit,
  ): Promise<Start> {
    for (const pause of this.consistent ? [] : PATIENCE) {
      const start = await this.attempt(channel, from, limit);
      if (start.sure) return start;
      await this.deadlines.sleep(pause);
    }
    return this.attempt(channel, from, limit);
  }

  private async attempt(
    channel: InLog,
    from: Exclude<From, { kind: 'now' }>,
    limit: ReadLimit,
  ): Promise<Start> {
    const tail = await this.engine.tail(channel.ref);
    switch (from.kind) {
      case 'start':
        return begin(tail, await this.engine.read(channel.ref, null, limit));
      case 'last':
        return this.last(channel, from.count, tail, limit);
      case 'time':
        return this.since(channel, from.at, tail, limit);
    }
  }

  private async last(channel: InLog, count: number, tail: Tail, limit: ReadLimit): Promise<Start> {
    let left = count;
    let before: number | null = null;
    let place: KnownPlace = { epoch: tail.epoch, position: tail.last };
    while (left > 0) {
      const messages = Math.min(left, READ_BACK_AT_ONCE);
      const page: ReadResult = await this.engine.readBack(channel.ref, before, {
        messages,
        bytes: limit.bytes,
      });
      const oldest = page.messages.at(-1);
      if (!oldest || page.epoch !== tail.epoch) break;
      place = { epoch: tail.epoch, position: oldest.previous };
      if (before === null && page.messages.length === count && count <= limit.messages) {
        const messages = page.messages.toReversed();
        const read: ReadResult = { ...page, status: 'ok', messages, more: false };
        return { place, tail, read, sure: true };
      }
      left -= page.messages.length;
      before = oldest.position;
      if (!page.more) break;
    }
    if (place.position === tail.last) {
      return { place, tail, read: null, sure: count === 0 || tail.last === 0 };
    }
    return begin(tail, await this.engine.read(channel.ref, place, limit));
  }

  private async since(channel: InLog, time: number, tail: Tail, limit: ReadLimit): Promise<Start> {
    // A position of the whole log: beyond the channel's own end it would look like another log's.
    const position = Math.min(await this.engine.positionBefore(time), tail.last);
    const place = { epoch: tail.epoch, position };
    if (position === tail.last) return { place, tail, read: null, sure: true };
    const read = await this.engine.read(channel.ref, place, limit);
    // What was kept of that time is gone: unlike a start at the oldest, this has to be told.
    if (read.status === 'truncated') return { place, tail, read, sure: true };
    return begin(tail, read);
  }
}

/** Begins right before the first message of a read, wherever that is: nothing before it is missed. */
function begin(tail: Tail, read: ReadResult): Start {
  const first = read.messages[0];
  if (!first) {
    const place = { epoch: tail.epoch, position: tail.last };
    return { place, tail, read: null, sure: tail.last === 0 };
  }
  const place = { epoch: read.epoch, position: first.previous };
  return {
    place,
    tail: { ...tail, epoch: read.epoch },
    read: { ...read, status: 'ok' },
    sure: true,
  };
}
