import { Problem, type AckBody, type ProblemDocument } from '#contracts';
import type { AckOutcome, GroupRef } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';

/** One id's outcome as it goes on the wire. */
export interface ShownOutcome extends Omit<AckOutcome, 'visibleAt'> {
  readonly visibleAt?: string;
  readonly problem?: ProblemDocument;
}

/**
 * Acks, nacks and extends; resolves when every outcome is durable. An id that is foreign, too late or
 * used up changes nothing and has a problem of its own: the others are done all the same.
 * @throws Problem not_found where there is no such group.
 */
export async function settle(
  { mediator, traces }: Pick<EdgeContext, 'mediator' | 'traces'>,
  exchange: Pick<Exchange, 'report'>,
  ref: GroupRef,
  { ack = [], nack = [], extend = [] }: AckBody,
): Promise<ShownOutcome[]> {
  const outcomes = await mediator.groups.settle(ref, {
    ack,
    nack,
    extend: extend.map((one) =>
      typeof one === 'string'
        ? { ackId: one, visibility: null }
        : { ackId: one.ackId, visibility: one.visibility ?? null },
    ),
  });
  if (traces.isOn) traces.settled(ref, outcomes);
  return outcomes.map(({ visibleAt, ...outcome }) => {
    const problem = problemOf(outcome);
    return {
      ...outcome,
      ...(visibleAt === undefined ? {} : { visibleAt: new Date(visibleAt).toISOString() }),
      ...(problem ? { problem: exchange.report(problem) } : {}),
    };
  });
}

function problemOf({ status }: Pick<AckOutcome, 'status'>): Problem | null {
  switch (status) {
    case 'invalid':
      return new Problem(
        'not_found',
        'This is not an ackId of this group. Send the `ackId` of a message that the group handed out, to the same channel and group.',
      );
    case 'expired':
      return new Problem(
        'conflict',
        'The visibility of this handing out is over: the message comes, or came, to a member again. Take its newest `ackId`; extend sooner, or ask for a longer visibility.',
      );
    case 'done':
      return new Problem(
        'conflict',
        'This message was acked, or became a dead letter, before. There is nothing left to do.',
      );
    default:
      return null;
  }
}
