import type { World } from '../../demo/world.js';
import { eventually } from '../../support/eventually.js';

/** What has to come about within it, through kills and faults, on a machine that has much else to do. */
export const PATIENCE_MS = 240_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** As long as nothing comes about, time goes on by so much, this often: what waits to be tried again falls due. */
const STEP_MS = 10 * MINUTE_MS;
const STEP_EVERY_MS = 2_500;

/** Until it is done. What fails meanwhile is asked again, and time goes on in the world's steps. */
export async function timeGoesOn<T>(
  world: World,
  what: string,
  done: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> {
  let steppedAt = performance.now();
  return eventually(what, PATIENCE_MS, async () => {
    try {
      const result = await done();
      if (result !== false && result !== undefined) return result;
    } finally {
      if (performance.now() - steppedAt > STEP_EVERY_MS) {
        await world.moveTo(world.now() + STEP_MS);
        steppedAt = performance.now();
      }
    }
    return undefined;
  });
}
