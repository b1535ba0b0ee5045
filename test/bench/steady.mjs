/** Publishing at a steady pace over several connections, whatever the answers are. */
import { setTimeout as pause } from 'node:timers/promises';
import { Requester } from './http-client.mjs';
import { checkAccepted } from './publisher.mjs';
import { messageJson, publishRequest } from './requests.mjs';

/**
 * Until it is over; each connection to a channel of its own, `<channel>-<index>`. A refusal for the
 * rate is an answer like another, any other refusal an error.
 * @param {{ target: import('./requests.mjs').Target, lanes: number, perSecond: number, channel: string,
 *   took: (status: number, ms: number) => void, isOver: () => boolean }} options
 */
export async function publishSteadily({ target, lanes, perSecond, channel, took, isOver }) {
  const every = (1000 * lanes) / perSecond;
  await Promise.all(
    Array.from({ length: lanes }, async (_lane, index) => {
      const requester = new Requester(target);
      try {
        let due = performance.now() + (every * index) / lanes;
        for (let n = 1; !isOver(); n++) {
          const early = due - performance.now();
          if (early > 1) await pause(early);
          const sentAt = performance.now();
          const request = publishRequest(target, `${channel}-${index}`, messageJson(n));
          const answer = await requester.ask(request);
          took(answer.status, performance.now() - sentAt);
          if (answer.status !== 429) checkAccepted(answer, 1);
          due += every;
        }
      } finally {
        requester.close();
      }
    }),
  );
}
