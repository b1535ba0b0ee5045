import { Problem } from '#contracts';
import { Timed } from './deadlines.js';
import type { Hold, HoldOwner, MediatorHooks, Published, RequestReceiver } from './types.js';

type Ending = Parameters<NonNullable<MediatorHooks['settled']>>[0];

/** What `Requests` is told of a waiter. */
export interface WaiterEvents {
  settled(waiter: Waiter, why: Ending): void;
  /** Its asker could have come back, and did not. */
  over(waiter: Waiter): void;
}

/** One request that waits for its reply. It settles once. */
export class Waiter extends Timed implements Hold {
  isSettled = false;
  isForgotten = false;
  private request: Published | null = null;
  /** A reply that came before the log had said where the request stands. */
  private early: Buffer | null = null;

  constructor(
    readonly owner: HoldOwner,
    /** Where replies to this asker are stored. */
    readonly channel: string,
    readonly address: string,
    private readonly receiver: RequestReceiver,
    /** Monotonic milliseconds. */
    readonly since: number,
    private readonly events: WaiterEvents,
  ) {
    super();
  }

  /** The request is stored: from now on it waits. */
  asked(request: Published): void {
    this.request = request;
    if (this.early) this.give(this.early);
  }

  give(reply: Buffer): void {
    const { request } = this;
    if (!request) {
      this.early = reply;
      return;
    }
    if (this.settle('messages')) this.receiver.reply(reply, request);
  }

  refuse(problem: Problem, why: Ending): void {
    if (this.settle(why)) this.receiver.refuse(problem);
  }

  cancel(): void {
    this.settle('gone');
  }

  expire(): void {
    if (this.isSettled) return this.events.over(this);
    const { request } = this;
    this.refuse(
      new Problem(
        'no_reply',
        `Nobody replied in time. The request was stored at position ${request?.position ?? 0}: ask again with a longer wait and the same id, or check that a reader is there.`,
        request ? { position: request.position } : {},
      ),
      'timeout',
    );
  }

  private settle(why: Ending): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.events.settled(this, why);
    return true;
  }
}
