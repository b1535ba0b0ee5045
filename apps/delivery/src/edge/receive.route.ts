import { HEADER, type From, type Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Hold, Receiver, ReceiveView, Subscription } from '#mediator';
import type { Attendance, PresenceEntry } from '#mediator';
import type { EdgeContext } from './context.js';
import { asciiText, type AsciiText, type Exchange, type FlatHeaders } from './exchange.js';
import { ownerOf } from './hold-owner.js';
import { holdHeaders, holdTime, type HoldTime } from './hold-time.js';
import { watchPresence } from './presence-poll.js';
import { grantedOf, readable, type Reader } from './readable.js';
import { leavePlaces, placesOf, spendOf, takePlaces, type Place } from './places.js';
import { HeldPath } from './held-path.js';
import type { Handed } from '../trace/traces.js';
import type { ParsedReceive } from './receive-plan.js';
import { viewUnder } from './receive-view.js';

export type { Reader } from './readable.js';

export interface HeldRequest {
  readonly readers: readonly Reader[];
  readonly cursor: string | null;
  readonly from: From;
  readonly limit: number;
  readonly hold: HoldTime;
  /** Changes of the channels' presence are wanted too. */
  readonly watchesPresence?: boolean | undefined;
  /** Whom this poll keeps present. */
  readonly presence?: readonly PresenceEntry[] | undefined;
  readonly view?: ReceiveView | undefined;
  /** Where the next receive goes, up to and including `cursor=`. */
  readonly nextUrl: string;
}

/** GET /v1/channels/{channel}/messages and GET /v1/messages. */
export function receive(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  parsed: ParsedReceive,
): void {
  const { plan, cursor } = parsed;
  holdRequest(context, exchange, {
    readers: [{ principal, channels: plan.channels, granted: grantedOf(principal, parsed) }],
    cursor,
    from: plan.from,
    limit: plan.limit,
    hold: holdTime(exchange, plan.wait, principal, context.clock.now()),
    watchesPresence: plan.presence,
    view: plan.view,
    nextUrl: plan.nextUrl,
  });
}

/**
 * Checks the rights, takes a place among the holds and hands the request to the mediator.
 * @throws Problem forbidden, rate_limited, unavailable
 */
export function holdRequest(context: EdgeContext, exchange: Exchange, asked: HeldRequest): void {
  const first = (asked.readers[0] as Reader).principal;
  const path = new HeldPath(context, exchange, first, asked.hold);
  const request = path.time === asked.hold ? asked : { ...asked, hold: path.time };
  const subscriptions: Subscription[] = [];
  for (const reader of request.readers) {
    subscriptions.push({ owner: ownerOf(reader.principal), channels: readable(reader) });
  }
  const places = placesOf(request.readers, subscriptions);
  if (request.watchesPresence) subscriptions.push(...watchPresence(context, request.readers));
  takePlaces(context, places, 'hold');
  if (context.traces.isOn && request.cursor !== null) context.traces.asked(places, request.cursor);
  const held = new HeldExchange(context, exchange, places, request, path);
  try {
    if (request.presence) held.attendance = context.presence.attend(request.presence);
    held.hold = context.mediator.receive(
      {
        subscriptions,
        cursor: request.cursor,
        from: request.from,
        waitMs: request.hold.seconds * 1000,
        limit: request.limit,
        view: viewUnder(spendOf(places), request.view),
      },
      held,
    );
  } catch (error) {
    held.release(true);
    throw error;
  }
  if (held.isSettled && !held.answered) return;
  if (!held.isSettled) path.held();
  exchange.onEnd((isWhole) => (isWhole ? held.written() : held.gone()));
}

/** The client's end of a hold: writes the one answer and gives the place back, on every path once. */
class HeldExchange implements Receiver {
  hold: Hold | null = null;
  attendance: Attendance | null = null;
  isSettled = false;
  /** What went out, if that was any message. */
  answered: Answer | null = null;
  /** While somebody traces. */
  private handed: Handed | null = null;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly places: readonly Place[],
    private readonly request: HeldRequest,
    private readonly path: HeldPath,
  ) {}

  answer(answer: Answer): void {
    this.release();
    this.path.answered();
    const { head, body } = writtenAnswer(answer, this.request);
    this.answered = answer.messages > 0 ? answer : null;
    this.exchange.send(200, head, body);
    const { traces } = this.context;
    if (traces.isOn) this.handed = traces.handed(this.places, answer, 'http');
  }

  refuse(problem: Problem): void {
    this.release(true);
    this.exchange.refuse(problem);
  }

  /** The whole answer is on its way to the client. */
  written(): void {
    const { answered, context, places, request } = this;
    this.handed?.become('written');
    if (!answered) return;
    const principals = places.map(({ principal }) => principal);
    if (principals.length > 1) context.usage.deliveredToSeveral(principals, answered);
    else context.usage.delivered(principals[0] as Principal, answered, placeOf(request));
  }

  gone(): void {
    this.handed?.become('closed');
    if (this.isSettled) return;
    const { traces } = this.context;
    if (traces.isOn) traces.left(this.places, 'http');
    this.hold?.cancel();
    this.release();
    this.path.gone();
  }

  release(isRefused = false): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.attendance?.end(isRefused);
    leavePlaces(this.context, this.places, 'hold');
  }
}

/** Where a client begins again when its answer was lost; null: nowhere that could be told. */
function placeOf({ cursor, from, nextUrl }: HeldRequest): string | null {
  return cursor ?? (from.kind === 'start' ? nextUrl : null);
}

// A fan-out hands one Answer to thousands of receivers that mostly asked the same way: the last head
// made is the next one needed.
let lastAnswer: Answer | null = null;
let lastUrl = '';
let lastHold: HoldTime | null = null;
let lastWritten: { head: FlatHeaders; body: Buffer | AsciiText } = {
  head: [],
  body: Buffer.alloc(0),
};

function writtenAnswer(answer: Answer, { nextUrl, hold }: HeldRequest): typeof lastWritten {
  if (answer === lastAnswer && nextUrl === lastUrl && sameHold(hold, lastHold)) return lastWritten;
  lastAnswer = answer;
  lastUrl = nextUrl;
  lastHold = hold;
  const head = [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(answer.body.length),
    'Cache-Control',
    'no-store',
    HEADER.cursor,
    answer.cursor,
    'Link',
    `<${nextUrl}${answer.cursor}>; rel="next"`,
    ...holdHeaders(hold),
  ];
  lastWritten = { head, body: asciiText(answer.body) ?? answer.body };
  return lastWritten;
}

function sameHold(a: HoldTime, b: HoldTime | null): boolean {
  return (
    b !== null &&
    a.seconds === b.seconds &&
    a.reason === b.reason &&
    a.isPreferred === b.isPreferred
  );
}
