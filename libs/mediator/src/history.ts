import { LIMIT } from '#contracts';
import type { Engine, ReadResult, Stored, Tail } from '#engine';
import { joinMessages } from './answer-text.js';
import type { CursorBook } from './cursor-book.js';
import { Outgoing, wireHead } from './message-text.js';
import { unreadable } from './problems.js';
import type { HistoryPage, HistoryRequest } from './types.js';

/** Pages through what is kept. Creates no state: whoever reads history need not be holding. */
export class History {
  constructor(
    private readonly engine: Engine,
    private readonly book: CursorBook,
  ) {}

  /** Throws the Problem `unavailable` if the log cannot be read. */
  async page(request: HistoryRequest): Promise<HistoryPage> {
    const ref = { app: request.app, name: request.channel };
    let tail: Tail;
    let read: ReadResult;
    try {
      // Asked for first: if the page is empty, its cursor stands here, and nothing after is missed.
      tail = await this.engine.tail(ref);
      read = await this.read(request, tail);
    } catch (fault) {
      throw unreadable(fault);
    }
    const { before, after } = request;
    const messages = read.messages.filter(
      ({ position }) =>
        (before === null || position < before) && (after === null || position > after),
    );
    const newest = request.order === 'newest' ? messages[0] : messages.at(-1);
    const cursor = newest
      ? this.book.text(ref.app, ref.name, read.epoch, newest.position)
      : this.book.text(ref.app, ref.name, tail.epoch, tail.last);
    const head = wireHead(ref.name);
    const texts = messages.map((message) => new Outgoing(message).wire(head));
    const end = `],"cursor":"${cursor}","epoch":${JSON.stringify(read.epoch)}}`;
    const isCut = messages.length < read.messages.length;
    return {
      body: joinMessages(texts, end),
      cursor,
      next: read.more && !isCut ? nextPage(request, messages) : null,
    };
  }

  private read(request: HistoryRequest, tail: Tail): Promise<ReadResult> {
    const ref = { app: request.app, name: request.channel };
    const limit = { messages: request.limit, bytes: LIMIT.answerBytes };
    if (request.order === 'newest') return this.engine.readBack(ref, request.before, limit);
    if (request.after === null) return this.engine.read(ref, null, limit);
    // A position beyond the end, which a reader may ask for, is no sign of another log.
    const position = Math.min(request.after, tail.last);
    return this.engine.read(ref, { epoch: tail.epoch, position }, limit);
  }
}

function nextPage(
  { order, after, before }: HistoryRequest,
  page: readonly Stored[],
): number | null {
  const last = page.at(-1);
  if (!last) return null;
  if (order === 'newest') return after !== null && last.previous <= after ? null : last.position;
  return before !== null && last.position >= before - 1 ? null : last.position;
}
