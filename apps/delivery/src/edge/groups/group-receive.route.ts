import { GroupReceiveQuery, LIMIT, type Problem } from '#contracts';
import type { Principal } from '#access';
import type { GroupRef, MemberAnswer, MemberHold, MemberReceiver } from '#mediator';
import type { Handed } from '../../trace/traces.js';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { ownerOf } from '../hold-owner.js';
import { HeldPath } from '../held-path.js';
import { holdHeaders, holdTime } from '../hold-time.js';
import { leavePlaces, takePlaces } from '../places.js';
import { checkMember, groupIn, readQuery } from './group-input.js';

/** GET /v1/channels/{channel}/groups/{group}/messages: held until there is something for this member. */
export function receiveGroup(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): void {
  const ref = groupIn(principal, channel, segment);
  checkMember(principal, channel);
  const query = readQuery(exchange.query, GroupReceiveQuery, 'wait, limit and visibility');
  const hold = holdTime(exchange, query.wait ?? null, principal, context.clock.now());
  const places = [{ principal, channels: [channel] }];
  takePlaces(context, places, 'hold');
  const path = new HeldPath(context, exchange, principal, hold);
  const held = new HeldMember(context, exchange, principal, ref, path);
  try {
    held.hold = context.mediator.groups.receive(
      {
        ref,
        owner: ownerOf(principal),
        waitMs: path.time.seconds * 1000,
        limit: query.limit ?? LIMIT.answerDefaultMessages,
        visibility: query.visibility ?? null,
      },
      held,
    );
  } catch (error) {
    held.release();
    throw error;
  }
  path.held();
  exchange.onEnd((isWhole) => (isWhole ? held.written() : held.gone()));
}

/** The client's end of a member's hold: writes the one answer and gives the place back, once. */
class HeldMember implements MemberReceiver {
  hold: MemberHold | null = null;
  private answered: MemberAnswer | null = null;
  private isReleased = false;
  /** While somebody traces. */
  private handed: Handed | null = null;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    private readonly ref: GroupRef,
    private readonly path: HeldPath,
  ) {}

  answer(answer: MemberAnswer): void {
    const { body } = answer;
    this.answered = answer;
    this.release();
    this.path.answered();
    const head = [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(body.length),
      'Cache-Control',
      'no-store',
      ...holdHeaders(this.path.time),
    ];
    this.exchange.send(200, head, body);
    const { traces } = this.context;
    if (traces.isOn) this.handed = traces.handedToMember(this.principal, this.ref, answer, 'http');
  }

  refuse(problem: Problem): void {
    this.release();
    this.exchange.refuse(problem);
  }

  /** The whole answer is on its way to the client. */
  written(): void {
    const { answered, context, principal, ref } = this;
    this.handed?.become('written');
    if (answered) context.usage.deliveredToMember(principal, ref.channel, answered);
  }

  /** Also after `answer`: its bytes did not go out, so its messages are for others. */
  gone(): void {
    this.handed?.become('closed');
    this.hold?.cancel();
    if (!this.isReleased) this.path.gone();
    this.release();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    const places = [{ principal: this.principal, channels: [this.ref.channel] }];
    leavePlaces(this.context, places, 'hold');
  }
}
