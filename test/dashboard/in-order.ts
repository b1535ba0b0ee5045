import { test } from '@jest/globals';
import type { Visitor } from './visitor.js';

/**
 * Tests that are one person's way through the pages: each begins where the one before ended. Once a step
 * has failed, those after it say so at once instead of waiting for what cannot come; the one that failed
 * says what the page showed.
 */
export function inOrder(visitor: () => Visitor): (name: string, step: () => unknown) => void {
  let failed: string | null = null;
  return (name, step) =>
    test(name, async () => {
      if (failed !== null) throw new Error(`Not tried, because a step before it failed: ${failed}`);
      try {
        await step();
      } catch (error) {
        failed = name;
        throw new Error(await visitor().account(), { cause: error });
      }
    });
}
