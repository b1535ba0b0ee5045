import type { Problem } from '#contracts';
import { Timed } from '../deadlines.js';
import type { Deadlines } from '../deadlines.js';
import { tooSlow } from '../problems.js';
import type { Clock, MediatorHooks } from '../types.js';
import type { Handing } from './ack-ids.js';
import type { MemberAnswer, MemberHold, MemberReceiver, MemberRequest } from './types.js';

/** Milliseconds that the log may take beyond the end of a hold before the hold is refused. */
const PATIENCE_MS = 10_000;

/** The group that a member waits in. */
export interface MemberHost {
  /** The member's time is over. */
  over(member: Member): void;
  /** The member will not get its answer: what was taken for it is there for others. */
  left(member: Member): void;
}

export interface MemberSurroundings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly hooks: MediatorHooks;
  /** Every member that has no answer yet. */
  readonly all: Set<Member>;
}

/** One held receive of a group. It settles once. */
export class Member extends Timed implements MemberHold {
  host: MemberHost | null = null;
  /** What was taken for it. */
  handed: readonly Handing[] = [];
  /** Its time is over: it goes with what there is. */
  isOver = false;
  isSettled = false;
  private isGone = false;
  private readonly since: number;

  constructor(
    readonly request: MemberRequest,
    private readonly receiver: MemberReceiver,
    private readonly around: MemberSurroundings,
  ) {
    super();
    this.since = around.clock.monotonic();
    this.isOver = request.waitMs <= 0;
    around.all.add(this);
    around.deadlines.arm(this, this.isOver ? PATIENCE_MS : request.waitMs, this.since);
  }

  /** @param acceptedAt when the log took the first of the messages (ms since 1970); 0: it came again. */
  answer(answer: MemberAnswer, why: 'messages' | 'timeout', acceptedAt = 0): void {
    if (!this.settle(why)) return;
    const { app, channel } = this.request.ref;
    const { hooks, clock } = this.around;
    if (answer.messages > 0) {
      const beganAt = clock.now() - (clock.monotonic() - this.since);
      const isLive = acceptedAt >= beganAt;
      hooks.delivered?.(app, channel, answer.messages, 1, isLive ? acceptedAt : 0);
    }
    try {
      this.receiver.answer(answer);
    } catch (fault) {
      hooks.fault?.(fault);
    }
  }

  refuse(problem: Problem, why: 'revoked' | 'drain' | 'refused'): void {
    if (!this.settle(why)) return;
    this.leave();
    try {
      this.receiver.refuse(problem);
    } catch (fault) {
      this.around.hooks.fault?.(fault);
    }
  }

  cancel(): void {
    this.settle('gone');
    this.leave();
  }

  /** No more waiting: the next look at what there is decides. */
  hurry(): void {
    if (this.isSettled || this.isOver) return;
    this.isOver = true;
    this.around.deadlines.arm(this, PATIENCE_MS);
    this.host?.over(this);
  }

  expire(): void {
    if (this.isOver) this.refuse(tooSlow(), 'refused');
    else this.hurry();
  }

  private leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.host?.left(this);
  }

  private settle(why: 'messages' | 'timeout' | 'gone' | 'revoked' | 'drain' | 'refused'): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    const { all, deadlines, hooks, clock } = this.around;
    all.delete(this);
    deadlines.disarm(this);
    hooks.settled?.(why, clock.monotonic() - this.since);
    return true;
  }
}
