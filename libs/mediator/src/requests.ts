import { LIMIT, Problem } from '#contracts';
import type { Engine, LiveSubscription, Stored } from '#engine';
import type { Deadlines } from './deadlines.js';
import { Outgoing, wireHead } from './message-text.js';
import { closing, unreadable } from './problems.js';
import type { Publisher } from './publisher.js';
import { ReplyAddresses } from './reply-addresses.js';
import { inReplyTo, StoredReplies } from './stored-replies.js';
import type {
  Clock,
  Hold,
  HoldOwner,
  MediatorHooks,
  Published,
  ReplyOrder,
  RequestOrder,
  RequestReceiver,
} from './types.js';
import { Waiter } from './waiter.js';

/**
 * Milliseconds: an asker whose connection was cut asks again with the same id. Who replies meanwhile is
 * not turned away, and the reply is found.
 */
const RETURN_MS = 15_000;

export interface RequestsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly publisher: Publisher;
  readonly secret: Uint8Array;
  readonly newId: () => string;
  readonly hooks: MediatorHooks;
}

type Ending = Parameters<NonNullable<MediatorHooks['settled']>>[0];

/** The replies to one asker's requests, as long as one of them waits, or its asker may come back. */
interface Box {
  readonly live: LiveSubscription;
  readonly waiters: Map<string, Set<Waiter>>;
}

/**
 * Requests that wait for their reply. A reply is stored in a channel of its asker, under the address
 * as its id: so there is one reply to a request, whoever replies where, and asking again with the same
 * id finds the reply that was lost on its way.
 */
export class Requests {
  private readonly addresses: ReplyAddresses;
  private readonly replies: StoredReplies;
  private readonly boxes = new Map<string, Box>();
  private readonly byKey = new Map<string, number>();
  private isDraining = false;
  private waiting = 0;

  constructor(private readonly o: RequestsOptions) {
    this.addresses = new ReplyAddresses(o.secret, o.newId);
    this.replies = new StoredReplies(o.engine, o.publisher);
  }

  get size(): number {
    return this.waiting;
  }

  /** Calls `receiver` once: with the reply, or why there is none. After `cancel` not any more. */
  ask(order: RequestOrder, receiver: RequestReceiver): Hold {
    const { owner } = order;
    const used = this.byKey.get(owner.keyId) ?? 0;
    const max = LIMIT.waitingRequestsPerKey;
    if (this.isDraining) throw closing();
    if (used >= max) {
      throw new Problem(
        'rate_limited',
        `${used} requests of this key wait for their reply, and no more are taken. Ask again when one of them has it.`,
        {
          retryAfter: 1,
          limit: { name: 'requests_waiting_key', scope: 'key', max, used, resetAt: null },
        },
      );
    }
    const address = this.addresses.of(order);
    const channel = this.addresses.channel(address);
    const now = this.o.clock.monotonic();
    const waiter = new Waiter(owner, channel, address, receiver, now, {
      settled: (one, why) => this.settled(one, why, order),
      over: (one) => this.forget(one),
    });
    this.byKey.set(owner.keyId, used + 1);
    this.waiting += 1;
    void this.run(waiter, order);
    return waiter;
  }

  /** Somebody of this node waits for the reply to this address. */
  awaits(app: string, address: string): boolean {
    if (address.length !== LIMIT.replyAddressLength) return false;
    const box = this.boxes.get(keyOf(app, this.addresses.channel(address)));
    return box?.waiters.has(address) ?? false;
  }

  /**
   * Resolves when the reply is durable. Throws a Problem: `not_found` where nobody waits, `conflict`
   * where somebody else has replied.
   */
  async reply(order: ReplyOrder): Promise<Published> {
    const { app, address, message } = order;
    const channel = this.addresses.channel(address);
    // What another node's clients wait for is not known here: the log wakes that node.
    if (!this.awaits(app, address) && this.o.engine.capabilities.nodes === 'one') {
      const before = await this.sentBefore(order, channel);
      if (before) return before;
      throw nobodyWaits();
    }
    const { messages } = await this.o.publisher.publish({
      app,
      channel,
      clientId: order.clientId,
      messages: [message],
      retention: order.retention,
      key: address,
      inReplyTo: address,
      label: order.label,
      counters: order.counters,
      settled: order.settled,
    });
    const stored = messages[0]!;
    if (!stored.duplicate) return stored;
    const before = await this.sentBefore(order, channel);
    if (before) return before;
    throw new Problem(
      'conflict',
      'Somebody has replied to this request already. One reply is taken.',
    );
  }

  /** The very reply that is sent again, because its first answer was lost; null for any other. */
  private async sentBefore(order: ReplyOrder, channel: string): Promise<Published | null> {
    const { id } = order.message;
    if (id === undefined) return null;
    const before = await this.replies.find(order.app, channel, order.address);
    return before?.id === id ? before : null;
  }

  /** Ends every wait whose owner matches. Returns how many there were. */
  endAll(matches: (owner: HoldOwner) => boolean, problem: Problem): number {
    const ending = [...this.everyWaiter()].filter(({ owner }) => matches(owner));
    const waiting = ending.filter((one) => !one.isSettled).length;
    for (const waiter of ending) {
      if (waiter.isSettled) this.forget(waiter);
      else waiter.refuse(problem, 'revoked');
    }
    return waiting;
  }

  /** Tells everybody who waits to ask elsewhere; who asks from now on is told at once. */
  drain(): void {
    this.isDraining = true;
    for (const waiter of [...this.everyWaiter()]) waiter.refuse(closing(), 'drain');
  }

  /** Never rejects. */
  private async run(waiter: Waiter, order: RequestOrder): Promise<void> {
    const { address, channel } = waiter;
    let isPublished = false;
    try {
      const box = this.enter(waiter);
      // Who waits is known before the request is: a reply cannot come too early.
      if (!box.live.isReady) await box.live.ready;
      if (waiter.isSettled) return;
      isPublished = true;
      const { messages } = await this.o.publisher.publish({
        app: order.owner.appId,
        channel: order.channel,
        clientId: order.owner.clientId,
        messages: [order.message],
        retention: order.retention,
        replyTo: address,
        label: order.label,
        counters: order.counters,
        settled: order.settled,
      });
      const request = messages[0]!;
      if (waiter.isSettled) return;
      this.o.deadlines.arm(waiter, order.waitMs);
      waiter.asked(request);
      if (!request.duplicate || waiter.isSettled) return;
      const before = await this.replies.find(order.owner.appId, channel, address);
      if (before && !waiter.isSettled) this.give(waiter, before.stored);
    } catch (fault) {
      waiter.refuse(fault instanceof Problem ? fault : unreadable(fault), 'refused');
    } finally {
      if (!isPublished) order.settled?.(0);
    }
  }

  private enter(waiter: Waiter): Box {
    const { owner, channel, address } = waiter;
    const key = keyOf(owner.appId, channel);
    let box = this.boxes.get(key);
    if (!box) {
      const waiters = new Map<string, Set<Waiter>>();
      const live = this.o.engine.subscribe({ app: owner.appId, name: channel }, (messages) => {
        for (const message of messages) {
          for (const one of [...(waiters.get(inReplyTo(message)) ?? [])]) this.give(one, message);
        }
      });
      this.boxes.set(key, (box = { live, waiters }));
    }
    const others = box.waiters.get(address);
    if (others) others.add(waiter);
    else box.waiters.set(address, new Set([waiter]));
    return box;
  }

  private give(waiter: Waiter, reply: Stored): void {
    // Its asker is away: the reply is stored, and there when it comes back.
    if (waiter.isSettled) return this.forget(waiter);
    try {
      waiter.give(new Outgoing(reply).wire(wireHead(waiter.channel)));
      this.o.hooks.delivered?.(waiter.owner.appId, waiter.channel, 1, 1, 0);
    } catch (fault) {
      this.o.hooks.fault?.(fault);
    }
  }

  private settled(waiter: Waiter, why: Ending, { message, isCutShort }: RequestOrder): void {
    this.waiting -= 1;
    this.o.hooks.settled?.(why, this.o.clock.monotonic() - waiter.since);
    const mayReturn = why === 'gone' || (why === 'timeout' && isCutShort);
    // Without an id, asking again is another request.
    if (mayReturn && message.id !== undefined) this.o.deadlines.arm(waiter, RETURN_MS);
    else this.forget(waiter);
  }

  /** Whoever replies to it from now on is told that nobody waits. */
  private forget(waiter: Waiter): void {
    if (waiter.isForgotten) return;
    waiter.isForgotten = true;
    const { owner, channel, address } = waiter;
    this.o.deadlines.disarm(waiter);
    const used = (this.byKey.get(owner.keyId) ?? 1) - 1;
    if (used === 0) this.byKey.delete(owner.keyId);
    else this.byKey.set(owner.keyId, used);
    const key = keyOf(owner.appId, channel);
    const box = this.boxes.get(key);
    const others = box?.waiters.get(address);
    others?.delete(waiter);
    if (others?.size === 0) box?.waiters.delete(address);
    if (box?.waiters.size === 0) {
      box.live.close();
      this.boxes.delete(key);
    }
  }

  private *everyWaiter(): Iterable<Waiter> {
    for (const { waiters } of this.boxes.values()) for (const some of waiters.values()) yield* some;
  }
}

function nobodyWaits(): Problem {
  return new Problem(
    'not_found',
    'Nobody waits for this reply: the request was answered, its time is over, or who asked has gone.',
  );
}

/** A channel name holds no control characters, so the pair is unambiguous. */
function keyOf(app: string, channel: string): string {
  return `${app}\u0000${channel}`;
}
