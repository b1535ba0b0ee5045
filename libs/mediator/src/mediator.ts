import { Problem } from '#contracts';
import { ChannelTable } from './channel-table.js';
import { Collector } from './collector.js';
import { CursorBook } from './cursor-book.js';
import { Cursor } from './cursor.js';
import { CursorCodec } from './cursor-codec.js';
import { Deadlines } from './deadlines.js';
import { FindingsMemory } from './findings-memory.js';
import { History } from './history.js';
import { HoldTable } from './hold-table.js';
import { Opening } from './opening.js';
import { closing, unreadable } from './problems.js';
import { Publisher } from './publisher.js';
import { checkFrom, StartingPoints } from './starting-point.js';
import { TagCache } from './tag-cache.js';
import type {
  HistoryPage,
  HistoryRequest,
  Hold,
  HoldOwner,
  MediatorOptions,
  PublishOrder,
  PublishOutcome,
  ReceiveRequest,
  Receiver,
} from './types.js';

const CHANNELS = 1_000_000;
const CURSORS = 8192;
const PATIENCE_MS = 10_000;
const SETTLED: Hold = Object.freeze({ cancel: () => {} });

/**
 * Brings what is published to those who hold for it. It trusts its caller with everything about who
 * may do what: an app's name in an order or a request comes from a verified credential, and a request
 * has passed the contract's schemas.
 */
export class Mediator {
  private readonly deadlines: Deadlines;
  private readonly channels: ChannelTable;
  private readonly book: CursorBook;
  private readonly points: StartingPoints;
  private readonly holds: HoldTable;
  private readonly publisher: Publisher;
  private readonly pages: History;
  private isClosed = false;

  constructor(o: MediatorOptions) {
    const { engine, clock, hooks = {}, limits = {} } = o;
    const codec = new CursorCodec(o.cursorSecret);
    const tags = new TagCache(codec);
    const deadlines = new Deadlines(clock);
    const around = { engine, deadlines, backstop: () => hooks.backstop?.() };
    this.deadlines = deadlines;
    this.channels = new ChannelTable(around, tags, limits.channels ?? CHANNELS);
    this.book = new CursorBook(codec, tags, limits.cursors ?? CURSORS);
    this.points = new StartingPoints(engine, deadlines);
    this.holds = new HoldTable({
      clock,
      deadlines,
      channels: this.channels,
      collector: new Collector(engine, this.book, new FindingsMemory(deadlines)),
      hooks,
      checksTails: engine.capabilities.nodes === 'many',
      patienceMs: limits.patienceMs ?? PATIENCE_MS,
    });
    const { channels, book } = this;
    this.publisher = new Publisher({ engine, channels, book, newId: o.newId, hooks });
    this.pages = new History(engine, book);
  }

  /**
   * Resolves when every message is durable. Throws a Problem: `position_conflict`, `storage_full` and
   * `draining` stored nothing; `unavailable` says whether it may have.
   */
  publish(order: PublishOrder): Promise<PublishOutcome> {
    return this.publisher.publish(order);
  }

  /**
   * Calls `receiver` once: as soon as there is something after the request's cursor, or when its time
   * is over; possibly before this returns. After `cancel` it is not called any more.
   */
  receive(request: ReceiveRequest, receiver: Receiver): Hold {
    let opening: Opening | null = null;
    let cursor: Cursor | null;
    try {
      if (this.isClosed) throw closing();
      const opened = this.open(request);
      if (opened instanceof Cursor) cursor = opened;
      else cursor = (opening = opened).immediate;
    } catch (fault) {
      receiver.refuse(fault instanceof Problem ? fault : unreadable(fault));
      return SETTLED;
    }
    if (cursor) return this.holds.enter(cursor, request, receiver);
    return this.holds.enterOpening(opening!, request, receiver);
  }

  /** Throws the Problem `unavailable` if the log cannot be read. */
  history(request: HistoryRequest): Promise<HistoryPage> {
    return this.pages.page(request);
  }

  /**
   * Refuses every hold that was asked with a credential that matches, at once, also those whose answer
   * is about to go out. Returns how many.
   */
  endHolds(matches: (owner: HoldOwner) => boolean, problem: Problem): number {
    return this.holds.endAll(matches, problem);
  }

  /** Requests that are held, or wait for their turn to be answered. */
  holdCount(): number {
    return this.holds.size;
  }

  /** Channels that this node follows. */
  channelCount(): number {
    return this.channels.size;
  }

  /** Answers every hold with its cursor, and every later receive at once. Publishing is the engine's to end. */
  drain(): void {
    this.holds.drain();
  }

  /** Lets go of everything; who is still held is refused as `draining`. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.holds.close(closing());
    this.channels.close();
    this.deadlines.stop();
  }

  private open(request: ReceiveRequest): Cursor | Opening {
    const text = request.cursor;
    if (text !== null) {
      const known = this.book.known(text);
      if (known?.list.matches(request.subscriptions)) return known;
    } else {
      checkFrom(request.from);
    }
    const list = this.channels.list(request.subscriptions);
    const places = text === null ? null : this.book.open(text, list);
    if (places instanceof Cursor) return places;
    return new Opening(list, places, request.from, request.limit, this.book, this.points);
  }
}
