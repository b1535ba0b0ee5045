import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import type { Principal } from '#access';
import { PublishRate } from './publish-rate.js';

function harness(max: number | null) {
  let now = 1_000_000;
  const clock = { now: () => now, monotonic: () => now, every: () => () => undefined };
  const principal = {
    keyId: 'k',
    limits: { holdsPerKey: null, publishesPerSecondPerKey: max },
  } as unknown as Principal;
  const rate = new PublishRate(clock);
  return {
    take: (messages = 1) => rate.take(principal, messages),
    pass: (ms: number) => (now += ms),
  };
}

describe('publishes per second and key', () => {
  test('P8 exactly the allowed number passes at once, the next is refused with the limit and when it resets', () => {
    const { take } = harness(10);
    for (let i = 0; i < 10; i++) take();
    try {
      take();
      throw new Error('not refused');
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect((error as Problem).code).toBe('rate_limited');
      expect((error as Problem).extras.limit).toEqual({
        name: 'publishes_per_second',
        scope: 'key',
        max: 10,
        used: 10,
        resetAt: new Date(1_000_100).toISOString(),
      });
    }
  });

  test('over a long time no more than the rate passes, and nothing is lost by refusals', () => {
    const { take, pass } = harness(50);
    let passed = 0;
    for (let ms = 0; ms < 20_000; ms += 5) {
      pass(5);
      try {
        take();
        passed++;
      } catch {
        // refused: counts for nothing
      }
    }
    expect(passed).toBeGreaterThanOrEqual(50 * 20);
    expect(passed).toBeLessThanOrEqual(50 * 20 + 50);
  });

  test('a batch larger than a second’s worth passes when idle and is paid off afterwards', () => {
    const { take, pass } = harness(10);
    take(30);
    expect(() => take()).toThrow(Problem);
    pass(2_100);
    expect(() => take()).not.toThrow();
  });

  test('no limit, no refusal', () => {
    const { take } = harness(null);
    for (let i = 0; i < 10_000; i++) take();
  });
});
