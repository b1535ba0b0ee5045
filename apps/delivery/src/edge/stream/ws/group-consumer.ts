import { LIMIT, type Problem, type SubscribeFrame } from '#contracts';
import type { Principal } from '#access';
import type { GroupRef, MemberAnswer, MemberHold, MemberReceiver } from '#mediator';
import type { EdgeContext } from '../../context.js';
import { ownerOf } from '../../hold-owner.js';
import { HEARTBEAT_MS } from '../message-stream.js';
import type { Outlet } from '../outlet.js';
import { groupFrame } from './frames.js';

interface Handed {
  readonly messages: readonly { readonly ackId: string }[];
  readonly lost: unknown;
}

/**
 * A WebSocket's member of a group: one held receive after the other, as long as the client has fewer
 * messages than its limit that it did not ack. What it never acks comes to others when its time is over.
 */
export class GroupConsumer implements MemberReceiver {
  readonly ref: GroupRef;
  private hold: MemberHold | null = null;
  private state: 'opening' | 'resting' | 'asking' | 'ended' = 'opening';
  /** Seconds that a message is the client's. */
  private visibility = 0;
  /** What the client has, by ackId, and until when (monotonic milliseconds). */
  private readonly outstanding = new Map<string, number>();

  constructor(
    private readonly context: EdgeContext,
    private readonly principal: Principal,
    private readonly id: string,
    private readonly frame: SubscribeFrame & { readonly group: string },
    private readonly outlet: Outlet,
    private readonly ended: (problem: Problem) => void,
  ) {
    const channel = frame.channels[0] as string;
    this.ref = { app: principal.appId, channel, group: frame.group };
  }

  /** @throws Problem not_found where there is no such group. */
  async open(): Promise<void> {
    const { visibility } = await this.context.mediator.groups.report(this.ref);
    if (this.state !== 'opening') return;
    this.visibility = this.frame.visibility ?? visibility;
    this.state = 'resting';
    const { channel, group } = this.ref;
    this.write(
      Buffer.from(JSON.stringify({ type: 'subscribed', id: this.id, channels: [channel], group })),
    );
    this.ask();
  }

  /** There may be room again. */
  resume(): void {
    if (this.state === 'resting') this.ask();
  }

  /** Once a second: what the client had for too long is not its own any more. */
  tick(): void {
    const now = this.context.clock.monotonic();
    for (const [ackId, until] of this.outstanding) {
      if (until <= now) this.outstanding.delete(ackId);
    }
    this.resume();
  }

  /** What became of messages, by whatever connection they were acked. */
  settled(
    results: readonly {
      readonly ackId: string;
      readonly status: string;
      readonly visibleAt?: string;
    }[],
  ): void {
    for (const { ackId, status, visibleAt } of results) {
      if (!this.outstanding.has(ackId)) continue;
      if (status !== 'extended') this.outstanding.delete(ackId);
      else if (visibleAt !== undefined) {
        const { clock } = this.context;
        this.outstanding.set(ackId, clock.monotonic() + Date.parse(visibleAt) - clock.now());
      }
    }
    this.resume();
  }

  cancel(): void {
    // What is still on its way out will hardly arrive: it is there for others at once.
    if (this.state === 'asking' || this.outlet.unsent > 0) this.hold?.cancel();
    this.state = 'ended';
    this.hold = null;
  }

  answer(answer: MemberAnswer): void {
    if (this.state !== 'asking') return;
    this.state = 'resting';
    if (answer.messages > 0 || answer.body.includes('"lost":{')) {
      const { messages } = JSON.parse(answer.body.toString('utf8')) as Handed;
      const until = this.context.clock.monotonic() + this.visibility * 1000;
      for (const { ackId } of messages) this.outstanding.set(ackId, until);
      const { context, principal, ref } = this;
      const { traces, usage } = context;
      const handed = traces.isOn
        ? traces.handedToMember(principal, ref, answer, 'websocket')
        : null;
      this.write(groupFrame(answer, this.id, ref.group), () => {
        handed?.become('written');
        usage.deliveredToMember(principal, ref.channel, answer);
      });
    }
    // Others have their turn in between.
    setImmediate(() => this.resume());
  }

  refuse(problem: Problem): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.hold = null;
    this.ended(problem);
  }

  private ask(): void {
    const room = (this.frame.limit ?? LIMIT.answerDefaultMessages) - this.outstanding.size;
    if (room <= 0 || this.outlet.isFull) return;
    const { streams, mediator } = this.context;
    const fault = streams.fault(this.principal);
    if (fault) return this.refuse(fault);
    this.state = 'asking';
    const hold = mediator.groups.receive(
      {
        ref: this.ref,
        owner: ownerOf(this.principal),
        waitMs: HEARTBEAT_MS,
        limit: room,
        visibility: this.visibility,
      },
      this,
    );
    if (this.isAsking()) this.hold = hold;
  }

  /** It may have been refused from inside the call. */
  private isAsking(): boolean {
    return this.state === 'asking';
  }

  private write(frame: Buffer, taken?: () => void): void {
    if (this.state !== 'ended') this.outlet.write(frame, taken);
  }
}
