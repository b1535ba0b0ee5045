import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoff, parseRetryAfter } from './backoff.js';

describe('backoff', () => {
  test('full jitter: anything from nothing to a bound that doubles up to 30 s', () => {
    const most = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((n) => backoff(n, undefined, () => 1));
    expect(most).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoff(8, undefined, () => 0)).toBe(0);
  });

  test('never sooner than the server asked, never later than two minutes and a little', () => {
    const random = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.nat(10_000_000),
        random,
        (attempt, asked, r) => {
          const delay = backoff(attempt, asked, () => r);
          expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 120_000));
          expect(delay).toBeLessThanOrEqual(120_500);
        },
      ),
    );
  });

  test('Retry-After is read as seconds or as a date, and nonsense as nothing', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(parseRetryAfter('7', now)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(null, now)).toBeUndefined();
  });
});
