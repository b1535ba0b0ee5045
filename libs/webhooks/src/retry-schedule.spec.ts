import { describe, expect, test } from '@jest/globals';
import { RETRY_SECONDS, retryAfterMs } from './retry-schedule.js';

describe('the retry schedule', () => {
  test('goes on for three days, with growing pauses', () => {
    const days = RETRY_SECONDS.reduce((sum, seconds) => sum + seconds, 0) / 86_400;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThan(3.1);
    expect([...RETRY_SECONDS]).toEqual([...RETRY_SECONDS].sort((a, b) => a - b));
  });

  test('each pause is a tenth shorter or longer at most', () => {
    expect(retryAfterMs(1, 0)).toBe(4_500);
    expect(retryAfterMs(1, 0.5)).toBe(5_000);
    expect(retryAfterMs(1, 0.999_999)).toBe(5_500);
  });

  test('after the last attempt there is none', () => {
    expect(retryAfterMs(RETRY_SECONDS.length, 0.5)).not.toBeNull();
    expect(retryAfterMs(RETRY_SECONDS.length + 1, 0.5)).toBeNull();
  });
});
