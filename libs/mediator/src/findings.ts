import { LIMIT } from '#contracts';
import type { Lost } from '#contracts';
import type { Answer } from './types.js';
import { writeAnswer } from './answer-text.js';
import type { ChannelEntry } from './answer-text.js';
import type { ChannelState } from './channel-state.js';
import type { Cursor } from './cursor.js';
import type { CursorBook } from './cursor-book.js';
import { cursorsWithin } from './cursors-within.js';
import type { Outgoing } from './message-text.js';

/** What is there for a reader in one channel. */
export interface Part {
  /** Of the channel in its list. */
  readonly index: number;
  readonly messages: readonly Outgoing[];
  /** What is missing before the first message. */
  readonly lost: Lost | null;
  readonly epoch: string;
  readonly from: number;
  /** The reader's position once it has all of `messages`. */
  readonly to: number;
}

/** An answer that also says what it handed out of each channel, for the counters. */
export interface CountedAnswer extends Answer {
  readonly counts: readonly {
    readonly channel: ChannelState;
    readonly messages: number;
    /** The positions that it covers: (`from`, `to`]; left out where that is not followed. */
    readonly from?: number;
    readonly to?: number;
    /** When the log took the first of them (ms since 1970), if a wake brought it; else 0 or left out. */
    readonly acceptedAt?: number;
  }[];
}

/**
 * What is there for everybody who stands at one cursor. Each answer made of it, one for each limit
 * that cuts something off, is made once and shared.
 */
export class Findings {
  readonly total: number;
  readonly bytes: number;
  private readonly answers = new Map<number, CountedAnswer>();

  constructor(
    protected readonly cursor: Cursor,
    protected readonly parts: readonly Part[],
    protected readonly book: CursorBook,
    /** Sum of the channels' versions, by which it is known to be still all there is; -1: read from the log. */
    readonly version: number,
  ) {
    let total = 0;
    let bytes = 0;
    for (const { messages } of parts) {
      total += messages.length;
      for (const message of messages) bytes += message.bytes;
    }
    this.total = total;
    this.bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  answer(limit: number): CountedAnswer {
    const effective = Math.min(limit, this.total);
    let answer = this.answers.get(effective);
    if (!answer) this.answers.set(effective, (answer = this.make(effective)));
    return answer;
  }

  /** How many messages of each part an answer has room for. */
  protected takes(limit: number): number[] {
    return this.total <= limit && this.bytes <= LIMIT.answerBytes
      ? this.parts.map((part) => part.messages.length)
      : shares(this.parts, limit);
  }

  protected make(limit: number): CountedAnswer {
    const takes = this.takes(limit);
    const { list, positions, epochs } = this.cursor;
    const nextPositions = positions.slice();
    const nextEpochs = epochs.slice();
    const entries = new Map<number, ChannelEntry>();
    const texts: Buffer[] = [];
    // -1: read from the log, so that nobody need have held when it came.
    const isLive = this.version >= 0;
    const counts: Required<CountedAnswer['counts'][number]>[] = [];
    this.parts.forEach((part, p) => {
      const take = takes[p]!;
      // What was lost is told with the first message after it, or when there is none.
      if (take === 0 && part.messages.length > 0) return;
      const { index } = part;
      const channel = list.channels[index]!;
      const to = take === part.messages.length ? part.to : part.messages[take - 1]!.position;
      const lost = part.lost ?? (isChain(part, take) ? null : { reason: 'retention' as const });
      nextPositions[index] = to;
      nextEpochs[index] = part.epoch;
      entries.set(index, { epoch: part.epoch, from: part.from, to, lost });
      for (let m = 0; m < take; m++)
        texts.push(part.messages[m]!.wire(channel.head, list.appTexts?.[index]));
      if (take === 0) return;
      const acceptedAt = isLive ? part.messages[0]!.timestamp : 0;
      counts.push({ channel, messages: take, from: part.from, to, acceptedAt });
    });
    const next = this.book.at(list, nextPositions, nextEpochs, this.cursor);
    const body = writeAnswer(next, texts, entries, false);
    const cursors = () => cursorsWithin(this.cursor, this.parts, takes, this.book);
    return { body, cursor: next.text, timedOut: false, messages: texts.length, counts, cursors };
  }
}

/** Whether the first `take` messages of a part follow on its `from` and on each other. */
export function isChain(part: Part, take: number): boolean {
  let previous = part.from;
  for (let i = 0; i < take; i++) {
    const message = part.messages[i]!;
    if (message.previous !== previous) return false;
    previous = message.position;
  }
  return true;
}

/**
 * How many messages of each part fit: one of each in turn, so that a flood in one channel leaves the
 * others their share. The part whose next message has waited longest is first, so that with more
 * channels than room nobody waits for ever. One message larger than all the room goes alone.
 */
function shares(parts: readonly Part[], limit: number): number[] {
  const takes = parts.map(() => 0);
  const turn = parts
    .map((part, index) => ({ index, since: part.messages[0]?.timestamp ?? 0 }))
    .filter(({ index }) => parts[index]!.messages.length > 0)
    .sort((a, b) => a.since - b.since);
  let room = limit;
  let bytes: number = LIMIT.answerBytes;
  for (let open = turn.map(({ index }) => index); open.length > 0 && room > 0;) {
    const still: number[] = [];
    for (const index of open) {
      const message = parts[index]!.messages[takes[index]!];
      if (!message || room === 0) continue;
      if (message.bytes > bytes && room < limit) return takes;
      takes[index]! += 1;
      room -= 1;
      bytes -= message.bytes;
      still.push(index);
    }
    open = still;
  }
  return takes;
}
