import type { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Attendance } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange, OpenAnswer } from '../exchange.js';
import { leavePlaces, placesOf, takePlaces, type Place } from '../places.js';
import { watchPresence } from '../presence-poll.js';
import { grantedOf, readable } from '../readable.js';
import type { ParsedReceive } from '../receive-plan.js';
import { ownerOf } from '../hold-owner.js';
import { receive, type HeldRequest } from '../receive.route.js';
import { ConnectionTrace } from '../../trace/connection-trace.js';
import { streamAsked } from './asked.js';
import type { StreamFormat } from './format.js';
import { MessageStream, type StreamSink } from './message-stream.js';
import { NDJSON } from './ndjson.js';
import { Outlet } from './outlet.js';
import { SSE } from './sse.js';
import type { LiveStream } from './stream-table.js';

/** The receive URLs: one held answer, or a stream where the client asks for one by `Accept`. */
export function receiveOrStream(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  parsed: ParsedReceive,
): void {
  if (streamAsked(exchange) === null) return receive(context, exchange, principal, parsed);
  const { plan, cursor } = parsed;
  stream(context, exchange, {
    readers: [{ principal, channels: plan.channels, granted: grantedOf(principal, parsed) }],
    cursor,
    from: plan.from,
    limit: plan.limit,
    view: plan.view,
    watchesPresence: plan.presence,
  });
}

/** What a stream is made of: a held request's wishes, without an end. */
export type StreamWishes = Omit<HeldRequest, 'hold' | 'nextUrl'>;

/**
 * Streams in the format that the request asks for.
 * @throws Problem whatever a held request would be refused with.
 */
export function stream(context: EdgeContext, exchange: Exchange, wishes: StreamWishes): void {
  const { readers, cursor, from, limit, view, presence } = wishes;
  const format = streamAsked(exchange) === 'ndjson' ? NDJSON : SSE;
  const subscriptions = readers.map((reader) => ({
    owner: ownerOf(reader.principal),
    channels: readable(reader),
  }));
  // What the browser saw last goes before the URL, which stays as the page wrote it.
  const lastSeen = exchange.header('last-event-id');
  const places = placesOf(readers, subscriptions);
  if (wishes.watchesPresence) subscriptions.push(...watchPresence(context, readers));
  const principals = readers.map(({ principal }) => principal);
  takePlaces(context, places, 'stream');
  const connection = new HttpStream(context, exchange, places, format);
  const messages = new MessageStream(
    context,
    { principals, subscriptions, cursor: lastSeen ? lastSeen : cursor, from, limit, view },
    connection,
  );
  try {
    if (presence) connection.attendance = context.presence.attend(presence);
    connection.start(messages);
  } catch (error) {
    connection.close(true);
    throw error;
  }
}

/** One client's stream of events or lines. Gives its place among the holds back on every path once. */
class HttpStream implements StreamSink, LiveStream {
  private messages: MessageStream | null = null;
  private carrier: OpenAnswer | null = null;
  private outlet: Outlet | null = null;
  private isEnding = false;
  private isClosed = false;
  private readonly trace: ConnectionTrace;
  /** Whom the stream keeps present. */
  attendance: Attendance | null = null;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly places: readonly Place[],
    private readonly format: StreamFormat,
  ) {
    const transport = format === NDJSON ? 'ndjson' : 'sse';
    this.trace = new ConnectionTrace(context.traces, places, transport);
  }

  get principals(): readonly Principal[] {
    return this.places.map(({ principal }) => principal);
  }

  /** @throws Problem; nothing was written then. */
  start(messages: MessageStream): void {
    this.messages = messages;
    messages.start();
    if (this.isClosed) return;
    this.context.streams.add(this);
    this.out();
    this.exchange.onGone(() => this.close());
  }

  get isFull(): boolean {
    return this.outlet?.isFull ?? false;
  }

  place(cursor: string, answer: Answer): void {
    this.out().write(this.format.place(cursor));
    this.trace.passed(answer);
  }

  answer(answer: Answer, isSlow: boolean): void {
    const { context, principals, trace } = this;
    const handed = trace.handed(answer);
    this.out().write(this.format.answer(answer, isSlow), () => {
      trace.written(handed);
      if (principals.length > 1) context.usage.deliveredToSeveral(principals, answer);
      else context.usage.delivered(principals[0] as Principal, answer, null);
    });
  }

  heartbeat(): void {
    this.out().write(this.format.heartbeat);
  }

  tick(): void {
    if (this.outlet?.isStuck()) this.cut();
  }

  end(problem: Problem): void {
    if (this.isEnding || this.isClosed) return;
    this.isEnding = true;
    this.messages?.cancel();
    this.out().write(this.format.problem(JSON.stringify(this.exchange.report(problem))));
    this.out().finish(() => {
      this.carrier?.end();
      this.close();
    });
  }

  close(isRefused = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.trace.over('closed');
    this.attendance?.end(isRefused);
    this.messages?.cancel();
    this.context.streams.delete(this);
    leavePlaces(this.context, this.places, 'stream');
  }

  private cut(): void {
    this.trace.over('cut');
    this.carrier?.cut();
    this.close();
  }

  /** Opened by the first that is written: until then a refusal is an answer of its own. */
  private out(): Outlet {
    if (this.outlet) return this.outlet;
    this.carrier = this.exchange.open([
      'Content-Type',
      this.format.contentType,
      'Cache-Control',
      'no-store',
      // Proxies of nginx's kind would gather what is small.
      'X-Accel-Buffering',
      'no',
    ]);
    this.outlet = new Outlet(this.carrier, this.context.clock, () => this.messages?.resume());
    this.outlet.write(this.format.hello());
    return this.outlet;
  }
}
