import { Problem, rateLimitHeaders } from '#contracts';
import type { Principal } from '#access';
import { checkSpend } from '#limits';
import type { Counted, PublishOrder, PublishOutcome, SendOutcome } from '#mediator';
import type { EdgeContext } from './context.js';
import type { FlatHeaders } from './exchange.js';

/** What of a publish the limits count beside its messages. */
export interface Carried {
  /** Of the request's body, or its part of one. */
  readonly bytes: number;
}

/**
 * Before the body is read: whether not even one message could be published now. A flood is refused here,
 * where it has cost least.
 * @param channel null where the body names the channels.
 * @throws Problem spend_cap_reached, rate_limited, quota_exceeded
 */
export function foresee(
  { limits }: EdgeContext,
  principal: Principal,
  channel: string | null,
  isDirect = false,
): void {
  checkSpend(principal.spend);
  limits.publishes.foresee(principal, channel, isDirect);
}

/** The last step of a publish: within limits, in its turn, and resolved when all of it is durable. */
export function publishWithin(
  context: EdgeContext,
  principal: Principal,
  order: PublishOrder,
  carried: Carried,
): Promise<PublishOutcome> {
  return store(context, principal, order, carried, false);
}

/** The same to an inbox. */
export function sendWithin(
  context: EdgeContext,
  principal: Principal,
  order: PublishOrder,
  carried: Carried,
): Promise<SendOutcome> {
  return store(context, principal, order, carried, true) as Promise<SendOutcome>;
}

async function store(
  { limits, mediator }: EdgeContext,
  principal: Principal,
  order: PublishOrder,
  { bytes }: Carried,
  isDirect: boolean,
): Promise<PublishOutcome> {
  const { channel } = order;
  const messages = order.messages.length;
  const taken = limits.publishes.take(principal, { channel, messages, bytes, isDirect });
  const reserved = taken instanceof Promise ? await taken : taken;
  const counted = reserved ? { ...order, ...countedBy(principal, reserved) } : order;
  let isInside = false;
  try {
    const turn = limits.turns.enter(principal.tenantId);
    if (turn) await turn;
    isInside = true;
    return await (isDirect ? mediator.send(counted) : mediator.publish(counted));
  } catch (error) {
    // What the log did not say for certain stays counted: rather too much than too little.
    if (reserved && !(isInside && isUncertain(error))) reserved.settle(0);
    throw error;
  } finally {
    if (isInside) limits.turns.leave();
  }
}

/** Counts what is published by way of a request or a reply, whose own promise is about something else. */
export async function countWithin(
  { limits }: EdgeContext,
  principal: Principal,
  channel: string,
  { bytes }: Carried,
): Promise<Counted & { readonly giveBack: () => void }> {
  const reserved = await limits.publishes.take(principal, { channel, messages: 1, bytes });
  return {
    ...(reserved ? countedBy(principal, reserved) : { label: principal.keyId }),
    giveBack: () => reserved?.settle(0),
  };
}

function countedBy(
  { keyId }: Principal,
  reserved: { readonly counters: readonly string[]; settle(stored: number): void },
): Counted {
  const { counters } = reserved;
  return { label: keyId, counters, settled: (stored) => reserved.settle(stored) };
}

/** May the log have stored what it did not confirm? */
export function isUncertain(error: unknown): boolean {
  return !(error instanceof Problem) || error.code === 'unavailable';
}

const NONE: FlatHeaders = [];

/** Of the limits that a publish counted against, how full the fullest is; nothing where there are none. */
export function limitHeaders(
  { limits }: EdgeContext,
  principal: Principal,
  channel: string | null,
  isDirect = false,
): FlatHeaders {
  const state = limits.publishes.tightest(principal, channel, isDirect);
  return state ? rateLimitHeaders(state) : NONE;
}
