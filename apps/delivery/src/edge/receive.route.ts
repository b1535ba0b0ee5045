import { HEADER, LIMIT, type From, type Problem } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { Answer, Hold, HoldOwner, Receiver, Subscription } from '#mediator';
import type { EdgeContext } from './context.js';
import { asciiText, type AsciiText, type Exchange, type FlatHeaders } from './exchange.js';
import type { ParsedReceive } from './receive-plan.js';

/** How long a hold may last, and why. */
export interface HoldTime {
  readonly seconds: number;
  readonly reason: 'asked' | 'default' | 'limit';
}

/** One credential of a receive and what it reads. */
export interface Reader {
  readonly principal: Principal;
  readonly channels: readonly string[];
}

export interface HeldRequest {
  readonly readers: readonly Reader[];
  readonly cursor: string | null;
  readonly from: From;
  readonly limit: number;
  readonly hold: HoldTime;
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
    readers: [{ principal, channels: plan.channels }],
    cursor,
    from: plan.from,
    limit: plan.limit,
    hold: holdTime(exchange, plan.wait, principal, context.clock.now()),
    nextUrl: plan.nextUrl,
  });
}

/**
 * Checks the rights, takes a place among the holds and hands the request to the mediator.
 * @throws Problem forbidden, rate_limited, unavailable
 */
export function holdRequest(context: EdgeContext, exchange: Exchange, request: HeldRequest): void {
  const subscriptions: Subscription[] = [];
  for (const { principal, channels } of request.readers) {
    for (const channel of channels) requireCapability(principal, 'subscribe', channel);
    subscriptions.push({ owner: ownerOf(principal), channels });
  }
  const first = (request.readers[0] as Reader).principal;
  context.holdLimits.take(first);
  const held = new HeldExchange(context, exchange, first, request);
  try {
    held.hold = context.mediator.receive(
      {
        subscriptions,
        cursor: request.cursor,
        from: request.from,
        waitMs: request.hold.seconds * 1000,
        limit: request.limit,
      },
      held,
    );
  } catch (error) {
    held.release();
    throw error;
  }
  if (!held.isSettled) exchange.onGone(() => held.gone());
}

/** The client's end of a hold: writes the one answer and gives the place back, on every path once. */
class HeldExchange implements Receiver {
  hold: Hold | null = null;
  isSettled = false;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    private readonly request: HeldRequest,
  ) {}

  answer(answer: Answer): void {
    this.release();
    const { head, body } = writtenAnswer(answer, this.request);
    this.exchange.send(200, head, body);
  }

  refuse(problem: Problem): void {
    this.release();
    this.exchange.refuse(problem);
  }

  gone(): void {
    if (this.isSettled) return;
    this.hold?.cancel();
    this.release();
  }

  release(): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.context.holdLimits.release(this.principal);
  }
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

const owners = new WeakMap<Principal, HoldOwner>();

function ownerOf(principal: Principal): HoldOwner {
  let owner = owners.get(principal);
  if (!owner) {
    const { appId, keyId, clientId, tokenId, issuedAt } = principal;
    owner = { appId, keyId, clientId, tokenId, issuedAt };
    owners.set(principal, owner);
  }
  return owner;
}
