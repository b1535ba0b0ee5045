import { Problem } from '#contracts';
import { Timed } from './deadlines.js';
import type { Hold, HoldOwner, MediatorHooks, Published, RequestReceiver } from './types.js';

type Ending = Parameters<NonNullable<MediatorHooks['settled']>>[0];

/** One request that waits for its reply. It settles once, and nobody refers to it then. */
export class Waiter extends Timed implements Hold {
  isSettled = false;
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
    private readonly onSettled: (waiter: Waiter, why: Ending) => void,
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
    this.onSettled(this, why);
    return true;
  }
}
