import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again until the check gives something other than undefined or false. What other processes do
 * cannot be awaited otherwise; the bound makes it fail rather than hang.
 */
export async function eventually<T>(
  what: string,
  withinMs: number,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `Not within ${withinMs} ms: ${what}`,
        last === undefined ? undefined : { cause: last },
      );
    }
    await pause(25);
  }
}
