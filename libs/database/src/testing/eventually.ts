import { setImmediate as turn } from 'node:timers/promises';

/** Asks again until `check` gives something other than null or false; the test's own time limit bounds it. */
export async function eventually<T>(
  check: () => Promise<T | null | false> | T | null | false,
): Promise<T> {
  for (;;) {
    const result = await check();
    if (result !== null && result !== false) return result;
    await turn();
  }
}
