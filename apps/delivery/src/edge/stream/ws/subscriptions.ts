import {
  LIMIT,
  parseFrom,
  Problem,
  SOCKET_LIMIT,
  type From,
  type SubscribeFrame,
} from '#contracts';
import type { Principal } from '#access';
import type { Answer, GroupRef, Subscription } from '#mediator';
import type { EdgeContext } from '../../context.js';
import { checkMember } from '../../groups/group-input.js';
import { ownerOf } from '../../hold-owner.js';
import { leavePlaces, placesOf, takePlaces, type Place } from '../../places.js';
import { watchPresence } from '../../presence-poll.js';
import { ownInbox, readable } from '../../readable.js';
import { viewOf } from '../../receive-view.js';
import { ConnectionTrace } from '../../../trace/connection-trace.js';
import { MessageStream, type StreamSink } from '../message-stream.js';
import type { Outlet } from '../outlet.js';
import { asProblem } from '../../faults.js';
import { messagesFrame } from './frames.js';
import { GroupConsumer } from './group-consumer.js';

interface Subscribed {
  readonly stream: MessageStream | GroupConsumer;
  /** How many. */
  readonly channels: number;
  /** Where it began, as long as it has no cursor. */
  readonly from: From;
  readonly places: readonly Place[];
  readonly trace: ConnectionTrace | null;
}
type GroupFrame = SubscribeFrame & { readonly group: string };

const NOW: From = { kind: 'now' };

/** What one WebSocket is subscribed to: each a stream with a cursor of its own. */
export class Subscriptions {
  private readonly all = new Map<string, Subscribed>();
  private channels = 0;
  private made = 0;

  constructor(
    private readonly context: EdgeContext,
    private readonly principal: Principal,
    private readonly outlet: Outlet,
    private readonly problem: (id: string, problem: Problem) => void,
  ) {}

  /**
   * Begins a subscription, or goes on with the one of this id under another list of channels.
   * @throws Problem what a held request would be refused with; what was subscribed stays.
   */
  add(frame: SubscribeFrame): void {
    const { context, principal, outlet } = this;
    const id = frame.id ?? this.newId();
    const before = this.all.get(id);
    if (before && (isGroup(frame) || before.stream instanceof GroupConsumer)) throw inUse(id);
    if (isGroup(frame)) return this.consume(id, frame);
    const subscriptions = this.subscriptionsOf(frame);
    const channels = subscriptions.reduce((sum, one) => sum + one.channels.length, 0);
    this.checkRoom(channels - (before?.channels ?? 0), before !== undefined);
    const given = frame.from === undefined ? null : parseFrom(frame.from);
    const goesOn = frame.cursor === undefined && given === null ? before : undefined;
    const place = goesOn?.stream instanceof MessageStream ? goesOn.stream.cursor : null;
    const from = given ?? goesOn?.from ?? NOW;
    // The connection has a place for its first subscription; each further one takes its own.
    const takesPlace = !before && this.all.size > 0;
    const places = placesOf([{ principal }], subscriptions);
    takePlaces(context, places, takesPlace ? 'hold' : 'part');
    const trace = new ConnectionTrace(context.traces, places, 'websocket');
    const sink = new SubscriptionSink(
      id,
      frame.channels,
      outlet,
      (problem) => {
        if (this.all.get(id)?.stream === stream) this.forget(id);
        this.problem(id, problem);
      },
      (answer) => context.usage.delivered(principal, answer, null),
      trace,
    );
    const stream: MessageStream = new MessageStream(
      context,
      {
        principals: [principal],
        subscriptions,
        cursor: frame.cursor ?? place,
        from,
        limit: frame.limit ?? LIMIT.answerDefaultMessages,
        view: viewOf(frame),
      },
      sink,
    );
    this.put(id, { stream, channels, from, places, trace });
    try {
      stream.start();
    } catch (error) {
      this.put(id, before);
      leavePlaces(context, places, takesPlace ? 'hold' : 'part');
      throw error;
    }
    // Not a moment later: an answer of the old list must not come after one of the new.
    before?.stream.cancel();
    if (before) leavePlaces(context, before.places, 'part');
  }

  /** Becomes a member of a group. @throws Problem forbidden, invalid_request, rate_limited */
  private consume(id: string, frame: GroupFrame): void {
    const { context, principal, outlet } = this;
    checkMember(principal, frame.channels[0] as string);
    this.checkRoom(1, false);
    const places = [{ principal, channels: frame.channels }];
    takePlaces(context, places, this.all.size > 0 ? 'hold' : 'part');
    const over = (problem: Problem) => {
      if (this.all.get(id)?.stream !== stream) return;
      this.forget(id);
      this.problem(id, problem);
    };
    const stream = new GroupConsumer(context, principal, id, frame, outlet, over);
    this.put(id, { stream, channels: 1, from: NOW, places, trace: null });
    stream.open().catch((fault: unknown) => {
      stream.cancel();
      over(asProblem(fault, 'The group could not be received from.'));
    });
  }

  /** What became of a group's messages: its members here may have room again. */
  settled({ channel, group }: GroupRef, results: Parameters<GroupConsumer['settled']>[0]): void {
    for (const { stream } of this.all.values()) {
      if (!(stream instanceof GroupConsumer)) continue;
      if (stream.ref.channel === channel && stream.ref.group === group) stream.settled(results);
    }
  }

  /** Once a second. */
  tick(): void {
    for (const { stream } of this.all.values()) {
      if (stream instanceof GroupConsumer) stream.tick();
    }
  }

  /** @throws Problem not_found */
  remove(id: string): void {
    const subscription = this.all.get(id);
    if (!subscription) {
      throw new Problem('not_found', `There is no subscription ${JSON.stringify(id)} here.`);
    }
    subscription.stream.cancel();
    this.forget(id);
  }

  /** The client has taken what was waiting. */
  resume(): void {
    for (const { stream } of this.all.values()) stream.resume();
  }

  /** @param why cut: the client took nothing for too long. */
  end(why: 'closed' | 'cut' = 'closed'): void {
    for (const [id, { stream, trace }] of [...this.all]) {
      stream.cancel();
      trace?.over(why);
      this.forget(id);
    }
  }

  /** @throws Problem invalid_request, forbidden */
  private subscriptionsOf(frame: SubscribeFrame): Subscription[] {
    const { context, principal } = this;
    const channels = [...new Set(frame.channels)];
    const granted = frame.inbox ? [ownInbox(principal)] : undefined;
    if (channels.length === 0 && !granted) {
      throw new Problem(
        'invalid_request',
        'The subscription names no channel. Add `channels`, or `"inbox": true`.',
      );
    }
    const reader = { principal, channels, granted };
    const own = { owner: ownerOf(principal), channels: readable(reader) };
    return frame.presenceEvents ? [own, ...watchPresence(context, [reader])] : [own];
  }

  private put(id: string, subscribed: Subscribed | undefined): void {
    this.channels += (subscribed?.channels ?? 0) - (this.all.get(id)?.channels ?? 0);
    if (subscribed) this.all.set(id, subscribed);
    else this.all.delete(id);
  }

  private forget(id: string): void {
    const subscribed = this.all.get(id);
    if (!subscribed) return;
    this.put(id, undefined);
    // The last that is left is the one that the connection itself has a place for.
    leavePlaces(this.context, subscribed.places, this.all.size > 0 ? 'hold' : 'part');
  }

  private newId(): string {
    let id: string;
    do id = `s${++this.made}`;
    while (this.all.has(id));
    return id;
  }

  private checkRoom(channels: number, isKnown: boolean): void {
    const { subscriptions, channels: most } = SOCKET_LIMIT;
    if (this.channels + channels > most) {
      throw full('socket_channels', 'channels', most, this.channels + channels);
    }
    if (!isKnown && this.all.size >= subscriptions) {
      throw full('socket_subscriptions', 'subscriptions', subscriptions, this.all.size + 1);
    }
  }
}

function isGroup(frame: SubscribeFrame): frame is GroupFrame {
  return frame.group !== undefined;
}

function inUse(id: string): Problem {
  return new Problem(
    'conflict',
    `There is a subscription ${JSON.stringify(id)} here, and one of a group is not replaced. Unsubscribe it first, or take another id.`,
  );
}

function full(name: string, what: string, max: number, used: number): Problem {
  return new Problem(
    'invalid_request',
    `One WebSocket takes ${max} ${what}, and this would make ${used}. Unsubscribe from some, or open another.`,
    { limit: { name, scope: 'connection', max, used, resetAt: null } },
  );
}

/** A subscription's end of its stream. */
class SubscriptionSink implements StreamSink {
  private isConfirmed = false;

  constructor(
    private readonly id: string,
    private readonly channels: readonly string[],
    private readonly outlet: Outlet,
    private readonly ended: (problem: Problem) => void,
    private readonly taken: (answer: Answer) => void,
    private readonly trace: ConnectionTrace,
  ) {}

  get isFull(): boolean {
    return this.outlet.isFull;
  }

  place(cursor: string, answer: Answer): void {
    const { id, isConfirmed } = this;
    this.trace.passed(answer);
    if (isConfirmed) this.outlet.write(Buffer.from(JSON.stringify({ type: 'cursor', id, cursor })));
    else this.confirm(cursor);
  }

  answer(answer: Answer, isSlow: boolean): void {
    this.confirm(undefined);
    const handed = this.trace.handed(answer);
    this.outlet.write(messagesFrame(answer, this.id, isSlow), () => {
      this.trace.written(handed);
      this.taken(answer);
    });
  }

  /** The connection has heartbeats of its own. */
  heartbeat(): void {}

  end(problem: Problem): void {
    this.ended(problem);
  }

  /** Once, before the first message; the cursor is told where no message brings one. */
  private confirm(cursor: string | undefined): void {
    if (this.isConfirmed) return;
    this.isConfirmed = true;
    const { id, channels } = this;
    this.outlet.write(Buffer.from(JSON.stringify({ type: 'subscribed', id, channels, cursor })));
  }
}
