import type { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange, OpenAnswer } from '../exchange.js';
import { watchPresence } from '../presence-poll.js';
import { grantedOf, readable } from '../readable.js';
import type { ParsedReceive } from '../receive-plan.js';
import { ownerOf } from '../hold-owner.js';
import { receive } from '../receive.route.js';
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
  const asked = streamAsked(exchange);
  if (asked === null) receive(context, exchange, principal, parsed);
  else stream(context, exchange, principal, parsed, asked === 'sse' ? SSE : NDJSON);
}

/** @throws Problem whatever a held request would be refused with. */
function stream(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  parsed: ParsedReceive,
  format: StreamFormat,
): void {
  const { plan, cursor } = parsed;
  const { from, limit, view } = plan;
  const reader = { principal, channels: plan.channels, granted: grantedOf(principal, parsed) };
  const channels = readable(reader);
  // What the browser saw last goes before the URL, which stays as the page wrote it.
  const lastSeen = exchange.header('last-event-id');
  const watched = plan.presence ? watchPresence(context, [reader]) : [];
  context.holdLimits.take(principal);
  const connection = new HttpStream(context, exchange, principal, format);
  const messages = new MessageStream(
    context,
    {
      principal,
      subscriptions: [{ owner: ownerOf(principal), channels }, ...watched],
      cursor: lastSeen ? lastSeen : cursor,
      from,
      limit,
      view,
    },
    connection,
  );
  try {
    connection.start(messages);
  } catch (error) {
    connection.close();
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

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    readonly principal: Principal,
    private readonly format: StreamFormat,
  ) {}

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

  place(cursor: string): void {
    this.out().write(this.format.place(cursor));
  }

  answer(answer: Answer, isSlow: boolean): void {
    const { context, principal } = this;
    this.out().write(this.format.answer(answer, isSlow), () =>
      context.usage.delivered(principal, answer, null),
    );
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
    this.out().write(this.format.problem(this.exchange.report(problem).text));
    this.out().finish(() => {
      this.carrier?.end();
      this.close();
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.messages?.cancel();
    this.context.streams.delete(this);
    this.context.holdLimits.release(this.principal);
  }

  private cut(): void {
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
