import type { ChannelList } from './channel-list.js';
import type { ChannelListener } from './channel-state.js';
import type { Cursor } from './cursor.js';
import { Timed } from './deadlines.js';
import type { CountedAnswer } from './findings.js';
import type { Hold, Receiver, ReceiveRequest, Subscription } from './types.js';

export type Ending = 'messages' | 'timeout' | 'gone' | 'revoked' | 'drain' | 'refused';

/** What a hold asks of the hold table. */
export interface HoldKeeper {
  end(hold: HeldPoll): void;
  forget(hold: HeldPoll, why: Ending): void;
}

/** Who makes the answer, when its turn comes. */
export interface AnswerSource {
  answer(limit: number): CountedAnswer;
}

/** One held request. Once `receiver` is null it has settled, and nobody refers to it any more. */
export class HeldPoll extends Timed implements Hold {
  group: HoldGroup | null = null;
  previous: HeldPoll | null = null;
  next: HeldPoll | null = null;
  receiver: Receiver | null;
  subscriptions: readonly Subscription[];
  readonly limit: number;
  /** Its time is over: it gets the next answer, whatever that is. */
  ended = false;
  /** Set while it waits in the outbox. */
  source: AnswerSource | null = null;
  ending: Ending = 'messages';

  constructor(
    private readonly keeper: HoldKeeper,
    request: ReceiveRequest,
    receiver: Receiver,
    /** Monotonic milliseconds. */
    readonly since: number,
  ) {
    super();
    this.receiver = receiver;
    this.subscriptions = request.subscriptions;
    this.limit = request.limit;
  }

  cancel(): void {
    if (this.receiver) this.keeper.forget(this, 'gone');
  }

  expire(): void {
    if (this.receiver) this.keeper.end(this);
  }
}

/** A receiver that hands its answer to others, who hold elsewhere. */
export interface StandIn extends Receiver {
  readonly holds: number;
}

/** What a group asks of the hold table. */
export interface GroupKeeper {
  /** Something happened in one of the group's channels; called at most once until it is settled. */
  stir(group: HoldGroup): void;
  /** A group that had to wait before it asks the log again has waited. */
  retry(group: HoldGroup): void;
}

/** Everybody who stands at one cursor: what one of them needs, all need, and it is found out once. */
export class HoldGroup extends Timed implements ChannelListener {
  /** null as long as it is being found out where these holds begin. */
  cursor: Cursor | null = null;
  first: HeldPoll | null = null;
  private last: HeldPoll | null = null;
  size = 0;
  /** Holds in it whose time is over. */
  ended = 0;
  /** The largest limit of its holds. */
  limit = 0;
  /** The log is being asked; what comes meanwhile is looked at afterwards. */
  busy = false;
  stirred = false;
  closed = false;
  /** The answer of those whose time ends with nothing. */
  idle: CountedAnswer | null = null;
  /** Milliseconds to wait before the log is asked again, after answers that were out of date. */
  patience = 0;

  constructor(
    readonly list: ChannelList,
    private readonly keeper: GroupKeeper,
  ) {
    super();
  }

  add(hold: HeldPoll): void {
    hold.group = this;
    hold.previous = this.last;
    if (this.last) this.last.next = hold;
    else this.first = hold;
    this.last = hold;
    this.size += 1;
    if (hold.ended) this.ended += 1;
    if (hold.limit > this.limit) this.limit = hold.limit;
  }

  remove(hold: HeldPoll): void {
    if (hold.previous) hold.previous.next = hold.next;
    else this.first = hold.next;
    if (hold.next) hold.next.previous = hold.previous;
    else this.last = hold.previous;
    hold.previous = null;
    hold.next = null;
    hold.group = null;
    this.size -= 1;
    if (hold.ended) this.ended -= 1;
  }

  /** A hold may stand for others: those with a view, who hold together. */
  get holds(): number {
    let holds = 0;
    for (let hold = this.first; hold; hold = hold.next)
      holds += (hold.receiver as Partial<StandIn> | null)?.holds ?? 1;
    return holds;
  }

  news(): void {
    if (this.stirred || this.closed) return;
    this.stirred = true;
    this.keeper.stir(this);
  }

  expire(): void {
    this.keeper.retry(this);
  }
}
