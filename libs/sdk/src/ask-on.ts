import type { ChannelHost } from './channel.js';
import { asHoldlineError } from './errors.js';
import type { HoldlineError } from './errors.js';
import { Rest, SHORTEST_HOLD_MS } from './rest.js';

/**
 * Asks again and again, at once after every whole hold and every piece of news; rests after what failed
 * and after an empty answer that came too soon to be a hold.
 * @param ask one held request; true: it brought something.
 * @param failed what cannot pass by itself; it ends the asking.
 */
export async function askOn(
  { clock, random }: Pick<ChannelHost, 'clock' | 'random'>,
  signal: AbortSignal,
  ask: () => Promise<boolean>,
  failed: (error: HoldlineError) => void,
): Promise<void> {
  const rest = new Rest(clock, random);
  const stop = (): void => rest.end();
  signal.addEventListener('abort', stop);
  while (!signal.aborted) {
    const began = clock.now();
    try {
      const isNews = await ask();
      if (isNews || clock.now() - began >= SHORTEST_HOLD_MS) rest.over();
      else rest.after(undefined);
    } catch (thrown) {
      if (signal.aborted) break;
      const error = asHoldlineError(thrown);
      if (!error.retryable) {
        failed(error);
        break;
      }
      rest.after(error, clock.now() - began);
    }
    if (rest.isDue && !signal.aborted) await rest.wait();
  }
  signal.removeEventListener('abort', stop);
}
