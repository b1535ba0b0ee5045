import { HEADER, LIMIT, type From, type Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Hold, Receiver, ReceiveView, Subscription } from '#mediator';
import type { Attendance, PresenceEntry } from '#mediator';
import type { EdgeContext } from './context.js';
import { asciiText, type AsciiText, type Exchange, type FlatHeaders } from './exchange.js';
import { ownerOf } from './hold-owner.js';
import { watchPresence } from './presence-poll.js';
import { grantedOf, readable, type Reader } from './readable.js';
import { heldPath, noteCut, type HeldPath } from './held-path.js';
import type { ParsedReceive } from './receive-plan.js';

export type { Reader } from './readable.js';

/** How long a hold may last, and why. */
export interface HoldTime {
  readonly seconds: number;
  readonly reason: 'asked' | 'default' | 'limit' | 'path';
}

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
  const onPath = heldPath(context, exchange, first, asked.hold);
  const request = onPath ? { ...asked, hold: onPath.hold } : asked;
  const subscriptions: Subscription[] = [];
  for (const reader of request.readers) {
    subscriptions.push({ owner: ownerOf(reader.principal), channels: readable(reader) });
  }
  if (request.watchesPresence) subscriptions.push(...watchPresence(context, request.readers));
  context.holdLimits.take(first);
  const held = new HeldExchange(context, exchange, first, request, onPath);
  try {
    if (request.presence) held.attendance = context.presence.attend(request.presence);
    held.hold = context.mediator.receive(
      {
        subscriptions,
        cursor: request.cursor,
        from: request.from,
        waitMs: request.hold.seconds * 1000,
        limit: request.limit,
        view: request.view,
      },
      held,
    );
  } catch (error) {
    held.release(true);
    throw error;
  }
  if (held.isSettled && !held.answered) return;
  held.since = context.clock.monotonic();
  exchange.onEnd((isWhole) => (isWhole ? held.written() : held.gone()));
}

/** The client's end of a hold: writes the one answer and gives the place back, on every path once. */
class HeldExchange implements Receiver {
  hold: Hold | null = null;
  attendance: Attendance | null = null;
  isSettled = false;
  /** When it began to be held. */
  since = 0;
  /** What went out, if that was any message. */
  answered: Answer | null = null;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    private readonly request: HeldRequest,
    private readonly onPath: HeldPath | null,
  ) {}

  answer(answer: Answer): void {
    this.release();
    const { onPath, since } = this;
    if (onPath && since > 0)
      onPath.path.lasted(this.context.clock.monotonic() - since, onPath.isTrial);
    const { head, body } = writtenAnswer(answer, this.request);
    this.answered = answer.messages > 0 ? answer : null;
    this.exchange.send(200, head, body);
  }

  refuse(problem: Problem): void {
    this.release(true);
    this.exchange.refuse(problem);
  }

  /** The whole answer is on its way to the client. */
  written(): void {
    const { answered, context, principal, request } = this;
    if (!answered) return;
    if (request.readers.length === 1)
      context.usage.delivered(principal, answered, placeOf(request));
    else
      context.usage.deliveredToSeveral(
        request.readers.map((reader) => reader.principal),
        answered,
      );
  }

  gone(): void {
    if (this.isSettled) return;
    this.hold?.cancel();
    this.release();
    const { context, exchange, principal, request, since, onPath } = this;
    noteCut(context, exchange, principal, {
      hold: request.hold,
      since,
      isTrial: onPath?.isTrial ?? false,
    });
  }

  release(isRefused = false): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.attendance?.end(isRefused);
    this.context.holdLimits.release(this.principal);
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
    HEADER.hold,
    `${hold.seconds}; reason=${hold.reason}`,
  ];
  lastWritten = { head, body: asciiText(answer.body) ?? answer.body };
  return lastWritten;
}

function sameHold(a: HoldTime, b: HoldTime | null): boolean {
  return b !== null && a.seconds === b.seconds && a.reason === b.reason;
}

const DEFAULT_HOLD: HoldTime = { seconds: LIMIT.holdDefaultSeconds, reason: 'default' };

/**
 * What was asked for (the query before `Prefer: wait`, RFC 7240), else the default; never past the end
 * of the credential.
 */
export function holdTime(
  exchange: Exchange,
  wait: number | null,
  principal: Principal,
  now: number,
): HoldTime {
  let time = DEFAULT_HOLD;
  if (wait !== null) time = { seconds: wait, reason: 'asked' };
  else {
    const prefer = exchange.header('prefer');
    const preferred =
      prefer === undefined ? null : /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(prefer);
    if (preferred) {
      const seconds = Number(preferred[1]);
      time =
        seconds > LIMIT.holdMaxSeconds
          ? { seconds: LIMIT.holdMaxSeconds, reason: 'limit' }
          : { seconds, reason: 'asked' };
    }
  }
  if (principal.expiresAt === null) return time;
  const left = Math.max(0, Math.ceil((principal.expiresAt - now) / 1000));
  return left < time.seconds ? { seconds: left, reason: 'limit' } : time;
}
