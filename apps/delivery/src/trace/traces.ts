import { isInbox, Problem, TRACE_LIMIT, type TraceReceiver } from '#contracts';
import type { Principal } from '#access';
import type { AckOutcome, Answer, Clock, GroupRef, MemberAnswer } from '#mediator';
import type { Place } from '../edge/places.js';
import { memberMessages, partOf } from './answer-parts.js';
import { ChannelTrace } from './channel-trace.js';
import { Handing } from './handing.js';

/** Channels of all tenants together. */
const CHANNELS = 200;
const TICK_MS = 1_000;
const NONE: ReadonlyMap<ChannelTrace, Principal> = new Map();

export type Transport = TraceReceiver['transport'];

/** What was handed over at once, until it is known what became of it. */
export class Handed {
  constructor(
    private readonly handings: readonly Handing[],
    private readonly clock: Clock,
  ) {}

  become(outcome: 'written' | 'closed' | 'cut'): void {
    const now = this.clock.now();
    for (const handing of this.handings) handing.become(outcome, now);
  }
}

/**
 * The channels that somebody looks at, and who is handed their messages. While there is none, `isOn` is
 * false and nothing else is asked: nobody pays for what nobody looks at.
 */
export class Traces {
  isOn = false;
  /** Those asked for last stand last. */
  private readonly traced = new Set<ChannelTrace>();
  /** By app first: to the receivers of all others tracing is one look-up. */
  private readonly byApp = new Map<string, Map<string, ChannelTrace>>();
  private stopTicking: (() => void) | null = null;

  constructor(private readonly clock: Clock) {}

  /** @throws Problem unavailable: as many are traced as this server can */
  start(tenant: string, app: string, channel: string): ChannelTrace {
    const known = this.find(app, channel);
    const now = this.clock.now();
    const until = now + TRACE_LIMIT.seconds * 1000;
    if (!known) this.makeRoom(tenant);
    const trace = known ?? new ChannelTrace(app, tenant, channel, now, until);
    trace.until = until;
    this.traced.delete(trace);
    this.traced.add(trace);
    const channels = this.byApp.get(app);
    if (channels) channels.set(channel, trace);
    else this.byApp.set(app, new Map([[channel, trace]]));
    this.isOn = true;
    this.stopTicking ??= this.clock.every(TICK_MS, () => this.expire());
    return trace;
  }

  find(app: string, channel: string): ChannelTrace | null {
    this.expire();
    return this.byApp.get(app)?.get(channel) ?? null;
  }

  /** An answer went to the socket; null: none of its channels is traced. */
  handed(places: readonly Place[], answer: Answer, transport: Transport): Handed | null {
    const traced = this.tracedAmong(places);
    if (traced.size === 0) return null;
    const handings: Handing[] = [];
    for (const [trace, principal] of traced) {
      const part = partOf(answer, trace.app, trace.channel);
      if (!part) continue;
      const receiver = receiverOf(principal, trace.channel, transport);
      const { from, to, positions } = part;
      const handing = new Handing(receiver, this.clock.now(), from, to, positions, answer.cursor);
      trace.add(handing);
      handings.push(handing);
    }
    return handings.length > 0 ? new Handed(handings, this.clock) : null;
  }

  /** The same for a member of a group: each message by itself, as each is acked by itself. */
  handedToMember(
    principal: Principal,
    { app, channel, group }: GroupRef,
    answer: MemberAnswer,
    transport: Transport,
  ): Handed | null {
    const trace = this.byApp.get(app)?.get(channel);
    if (!trace || answer.messages === 0) return null;
    const { keyId, clientId } = principal;
    const now = this.clock.now();
    const handings = memberMessages(answer).map(({ position, ackId, attempt }) => {
      const receiver = { kind: 'group' as const, transport, keyId, clientId, group, attempt };
      const handing = new Handing(receiver, now, position - 1, position, [position], ackId);
      trace.add(handing);
      return handing;
    });
    return new Handed(handings, this.clock);
  }

  /** Somebody asks on from a cursor: what was handed over with it has arrived. */
  asked(readers: readonly Place[], cursor: string): void {
    for (const [trace, { keyId, clientId }] of this.tracedAmong(readers)) {
      trace.confirm(keyId, clientId, cursor, this.clock.now());
    }
  }

  /** Somebody who held, and had nothing on its way, has gone. */
  left(places: readonly Place[], transport: Transport): void {
    for (const [trace, principal] of this.tracedAmong(places)) {
      trace.left(receiverOf(principal, trace.channel, transport), this.clock.now());
    }
  }

  settled({ app, channel }: GroupRef, outcomes: readonly AckOutcome[]): void {
    const trace = this.byApp.get(app)?.get(channel);
    if (!trace) return;
    for (const { ackId, status } of outcomes) {
      if (status !== 'acked' && status !== 'nacked' && status !== 'dead') continue;
      trace.settle(ackId, status, this.clock.now());
    }
  }

  /** Each once, with the first who may read it. For an app in which nobody traces, nothing is made. */
  private tracedAmong(places: readonly Place[]): ReadonlyMap<ChannelTrace, Principal> {
    let found: Map<ChannelTrace, Principal> | null = null;
    for (const { principal, channels } of places) {
      const traced = this.byApp.get(principal.appId);
      if (!traced) continue;
      for (const channel of channels) {
        const trace = traced.get(channel);
        if (trace && !found?.has(trace)) (found ??= new Map()).set(trace, principal);
      }
    }
    return found ?? NONE;
  }

  private makeRoom(tenant: string): void {
    const own = [...this.traced].filter((trace) => trace.tenant === tenant);
    const [oldest] = own;
    if (oldest && own.length >= TRACE_LIMIT.channels) this.remove(oldest);
    else if (this.traced.size >= CHANNELS) {
      throw new Problem(
        'unavailable',
        `This server traces ${CHANNELS} channels, as many as it can. Try again in a few minutes.`,
        { retryAfter: 60 },
      );
    }
  }

  private remove(trace: ChannelTrace): void {
    this.traced.delete(trace);
    const channels = this.byApp.get(trace.app);
    channels?.delete(trace.channel);
    if (channels?.size === 0) this.byApp.delete(trace.app);
  }

  private expire(): void {
    const now = this.clock.now();
    for (const trace of this.traced) if (trace.until <= now) this.remove(trace);
    if (this.traced.size > 0) return;
    this.isOn = false;
    this.stopTicking?.();
    this.stopTicking = null;
  }
}

function receiverOf(
  { keyId, clientId }: Principal,
  channel: string,
  transport: Transport,
): Handing['receiver'] {
  const kinds = { http: 'hold', sse: 'stream', ndjson: 'stream', websocket: 'websocket' } as const;
  const kind = isInbox(channel) ? 'direct' : kinds[transport];
  return { kind, transport, keyId, clientId, group: null, attempt: null };
}
