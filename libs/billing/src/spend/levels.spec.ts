import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { levelOf } from './levels.js';

const ORDER = ['ok', 'warned', 'degraded', 'stopped'];
const rule = fc.record({
  maxMicro: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  degrades: fc.boolean(),
  stops: fc.boolean(),
});
const amount = fc.bigInt({ min: 0n, max: 10n ** 16n });

describe('levels of spending', () => {
  test('more spent is never a lower level, and a higher budget never a higher one', () => {
    fc.assert(
      fc.property(rule, amount, amount, (of, spent, more) => {
        const rank = (used: bigint, maxMicro = of.maxMicro) =>
          ORDER.indexOf(levelOf(used, { ...of, maxMicro }));
        expect(rank(spent + more)).toBeGreaterThanOrEqual(rank(spent));
        expect(rank(spent, of.maxMicro + more)).toBeLessThanOrEqual(rank(spent));
      }),
    );
  });

  test('each level begins at its share exactly, not a millionth earlier', () => {
    const of = { maxMicro: 10_000_000n, degrades: true, stops: true };
    const edges = [7_999_999n, 8_000_000n, 8_999_999n, 9_000_000n, 9_999_999n, 10_000_000n];
    expect(edges.map((used) => levelOf(used, of))).toEqual([
      ...['ok', 'warned', 'warned', 'degraded', 'degraded', 'stopped'],
    ]);
  });

  test('only what was chosen happens', () => {
    const of = { maxMicro: 10n, degrades: false, stops: false };
    expect(levelOf(1_000n, of)).toBe('warned');
    expect(levelOf(1_000n, { ...of, degrades: true })).toBe('degraded');
    expect(levelOf(10n, { ...of, stops: true })).toBe('stopped');
  });
});
