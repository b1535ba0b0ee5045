import { LIMIT } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Hold } from '#mediator';
import type { EdgeContext } from './context.js';
import { ownerOf } from './hold-owner.js';

/** Looks once, for all that is there or the place where it ends. Rejects with the mediator's Problem. */
export function look(
  context: EdgeContext,
  principal: Principal,
  channel: string,
  cursor: string | null,
  waitMs = 0,
  held: (hold: Hold) => void = () => undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const hold = context.mediator.receive(
      {
        subscriptions: [{ owner: ownerOf(principal), channels: [channel] }],
        cursor,
        from: { kind: 'now' },
        waitMs,
        limit: LIMIT.answerMessages,
      },
      { answer: resolve, refuse: reject },
    );
    held(hold);
  });
}
