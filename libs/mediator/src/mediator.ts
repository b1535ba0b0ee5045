import { inboxOf, Problem } from '#contracts';
import { ChannelTable } from './channel-table.js';
import { Collector } from './collector.js';
import { CursorBook } from './cursor-book.js';
import { Cursor } from './cursor.js';
import { CursorCodec } from './cursor-codec.js';
import { Deadlines } from './deadlines.js';
import { FindingsMemory } from './findings-memory.js';
import { History } from './history.js';
import { Groups } from './groups/groups.js';
import { HoldTable } from './hold-table.js';
import { Homes } from './homes.js';
import { LiveChannels } from './live-channels.js';
import { Opening } from './opening.js';
import { closing, unreachable, unreadable } from './problems.js';
import { Publisher } from './publisher.js';
import { Requests } from './requests.js';
import { checkFrom, StartingPoints } from './starting-point.js';
import { TagCache } from './tag-cache.js';
import { ViewFindings } from './view-findings.js';
import { ViewTable } from './view-table.js';
import { Witnesses } from './witnesses.js';
import type {
  ClientHome,
  ClientPage,
  ClientPageRequest,
  HistoryPage,
  HistoryRequest,
  Hold,
  HoldOwner,
  LiveChannelPage,
  LiveChannelRequest,
  MediatorOptions,
  PublishOrder,
  Published,
  PublishOutcome,
  ReceiveRequest,
  Receiver,
  ReplyOrder,
  RequestOrder,
  RequestReceiver,
  SendOutcome,
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
  /** Competing consumers. */
  readonly groups: Groups;
  private readonly deadlines: Deadlines;
  private readonly channels: ChannelTable;
  private readonly book: CursorBook;
  private readonly points: StartingPoints;
  private readonly holds: HoldTable;
  private readonly views: ViewTable;
  private readonly publisher: Publisher;
  private readonly pages: History;
  private readonly homes: Homes;
  private readonly live: LiveChannels;
  private readonly requests: Requests;
  private readonly witnesses = new Witnesses();
  private isClosed = false;

  constructor(private readonly o: MediatorOptions) {
    const { engine, clock, hooks = {}, limits = {} } = o;
    const codec = new CursorCodec(o.cursorSecret);
    const tags = new TagCache(codec);
    const deadlines = new Deadlines(clock);
    const around = { engine, deadlines, backstop: () => hooks.backstop?.() };
    this.deadlines = deadlines;
    this.channels = new ChannelTable(around, tags, limits.channels ?? CHANNELS);
    this.book = new CursorBook(codec, tags, limits.cursors ?? CURSORS);
    this.points = new StartingPoints(engine, deadlines);
    const shared = {
      clock,
      deadlines,
      channels: this.channels,
      checksTails: engine.capabilities.nodes === 'many',
      patienceMs: limits.patienceMs ?? PATIENCE_MS,
    };
    this.holds = new HoldTable({
      ...shared,
      collector: new Collector(engine, this.book, new FindingsMemory(deadlines)),
      hooks,
      witnesses: this.witnesses,
    });
    const contents = new FindingsMemory(deadlines);
    this.views = new ViewTable({
      ...shared,
      book: this.book,
      hooks,
      witnesses: this.witnesses,
      table: new HoldTable({
        ...shared,
        collector: new Collector(engine, this.book, contents, ViewFindings),
        // Its holds stand for others, who are counted themselves.
        hooks: { fault: (error) => hooks.fault?.(error) },
      }),
    });
    const secret = o.cursorSecret;
    this.groups = new Groups({ engine, clock, deadlines, secret, newId: o.newId, hooks });
    const { channels, book } = this;
    this.live = new LiveChannels(channels, this.groups, engine);
    this.publisher = new Publisher({ engine, channels, book, newId: o.newId, hooks });
    this.pages = new History(engine, book);
    this.homes = new Homes(engine.directory, deadlines);
    this.requests = new Requests({
      engine,
      clock,
      deadlines,
      publisher: this.publisher,
      secret: o.cursorSecret,
      newId: o.newId,
      hooks,
    });
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
    const visit = this.homes.visit(request.subscriptions, receiver);
    return visit ? visit.held(this.admit(request, visit)) : this.admit(request, receiver);
  }

  /** As `publish`, and tells how many holds it answered: those of this node, by when it was stored. */
  async send(order: PublishOrder): Promise<SendOutcome> {
    const ref = { app: order.app, name: order.channel };
    const witness = this.witnesses.watch(ref);
    try {
      const outcome = await this.publisher.publish(order);
      const first = outcome.messages.find((message) => !message.duplicate);
      if (!first) return { ...outcome, delivered: 0 };
      await this.holds.caughtUp(ref);
      await this.views.caughtUp(ref);
      return { ...outcome, delivered: witness.holdsAt(first.position) };
    } finally {
      witness.close();
    }
  }

  /** Removes every message of a channel, here from memory too. Throws a Problem if the log cannot. */
  async purge(app: string, channel: string): Promise<void> {
    try {
      await this.o.engine.purge({ app, name: channel });
    } catch (fault) {
      throw unreachable(fault);
    }
    this.channels.peek(app, channel)?.forgetMessages();
  }

  /** Where a client's polls are held; null: it has none, and had none within the grace. */
  async home(app: string, clientId: string): Promise<ClientHome | null> {
    const { engine } = this.o;
    try {
      const home = await engine.directory.find(app, clientId);
      if (!home) return null;
      return {
        ...home,
        holds: home.node === engine.node ? this.homes.holdsOf(app, clientId) : null,
      };
    } catch (fault) {
      throw unreachable(fault);
    }
  }

  /** The clients of an app that are at home on this node, in the order of their names. */
  async clients({ app, ...page }: ClientPageRequest): Promise<ClientPage> {
    const { engine } = this.o;
    const found = await this.homes.page(app, page);
    try {
      const clients = await Promise.all(
        found.slice(0, page.limit).map(async ({ clientId, holds }) => {
          const home = await engine.directory.find(app, clientId);
          const { last } = await engine.tail({ app, name: inboxOf(clientId) });
          // It came a moment ago, or left.
          const since = home?.since ?? this.o.clock.now();
          return { clientId, node: home?.node ?? engine.node, since, holds, inbox: last };
        }),
      );
      return { clients, hasMore: found.length > page.limit };
    } catch (fault) {
      throw unreachable(fault);
    }
  }

  /**
   * Publishes a message that names where to reply, and calls `receiver` once: with the reply, or why
   * there is none. After `cancel` it is not called any more. Throws a Problem if it cannot wait.
   */
  request(order: RequestOrder, receiver: RequestReceiver): Hold {
    return this.requests.ask(order, receiver);
  }

  /** Resolves when the reply is durable. Throws a Problem: `not_found` where nobody waits for it. */
  reply(order: ReplyOrder): Promise<Published> {
    return this.requests.reply(order);
  }

  /** Somebody of this node waits for the reply to this address. */
  awaitsReply(app: string, address: string): boolean {
    return this.requests.awaits(app, address);
  }

  private admit(request: ReceiveRequest, receiver: Receiver): Hold {
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
    const table = request.view ? this.views : this.holds;
    if (cursor) return table.enter(cursor, request, receiver);
    return table.enterOpening(opening!, request, receiver);
  }

  /** Position of the channel's last message, kept or not; 0: none ever. Throws a Problem. */
  async last(app: string, name: string): Promise<number> {
    try {
      return (await this.o.engine.tail({ app, name })).last;
    } catch (fault) {
      throw unreadable(fault);
    }
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
    return (
      this.holds.endAll(matches, problem) +
      this.views.endAll(matches, problem) +
      this.requests.endAll(matches, problem) +
      this.groups.endHolds(matches, problem)
    );
  }

  /** Requests that are held, or wait for their turn to be answered. */
  holdCount(): number {
    return this.holds.size + this.views.size + this.requests.size + this.groups.holdCount();
  }

  /** Channels that this node follows. */
  channelCount(): number {
    return this.channels.size;
  }

  /** The channels of an app that somebody receives from at this moment, on this node. */
  receivedFrom(app: string): Promise<string[]> {
    return this.live.receivedFrom(app);
  }

  /** The channels of an app that are in use now, as far as this node knows. */
  liveChannels(request: LiveChannelRequest): Promise<LiveChannelPage> {
    return this.live.page(request);
  }

  /** Answers every hold with its cursor, and every later receive at once. Publishing is the engine's to end. */
  drain(): void {
    this.holds.drain();
    this.views.drain();
    this.groups.drain();
    this.requests.drain();
    this.homes.close();
  }

  /** Lets go of everything; who is still held is refused as `draining`. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.holds.close(closing());
    this.views.close(closing());
    this.groups.close();
    this.requests.drain();
    this.homes.close();
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
