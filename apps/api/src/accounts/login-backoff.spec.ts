import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import fc from 'fast-check';
import { LoginBackoff } from './login-backoff.js';

function backoffAt(start = 0) {
  const clock = { time: start, now: () => clock.time };
  return { clock, backoff: new LoginBackoff(clock) };
}

function refusal(work: () => void): Problem | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

describe('login backoff', () => {
  test('waits double from the sixth attempt on, up to 15 minutes', () => {
    const { clock, backoff } = backoffAt(1_000_000);
    for (let i = 0; i < 5; i++) backoff.begin('a', '192.0.2.1');
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
      const refused = refusal(() => backoff.begin('a', '192.0.2.1'));
      expect(refused?.extras.retryAfter).toBe(seconds);
      clock.time += seconds * 1000;
      expect(refusal(() => backoff.begin('a', '192.0.2.1'))).toBeNull();
    }
  });

  test('a refused attempt costs nothing more: who waits as long as told is let in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (wrong, impatient) => {
          const { clock, backoff } = backoffAt();
          for (let i = 0; i < wrong; i++) {
            const refused = refusal(() => backoff.begin('a', 'x'));
            if (refused) {
              clock.time += refused.extras.retryAfter! * 1000;
              backoff.begin('a', 'x');
            }
          }
          const first = refusal(() => backoff.begin('a', 'x'));
          for (let i = 0; i < impatient; i++) refusal(() => backoff.begin('a', 'x'));
          clock.time += (first?.extras.retryAfter ?? 0) * 1000;
          expect(refusal(() => backoff.begin('a', 'x'))).toBeNull();
        },
      ),
    );
  });

  test('guessing over many accounts slows the address down too', () => {
    const { backoff } = backoffAt();
    for (let i = 0; i < 50; i++) backoff.begin(`account ${i}`, '192.0.2.1');
    expect(refusal(() => backoff.begin('one more', '192.0.2.1'))?.extras.limit).toMatchObject({
      scope: 'address',
      max: 50,
    });
    expect(refusal(() => backoff.begin('one more', '192.0.2.2'))).toBeNull();
  });

  test('a right password starts the account anew', () => {
    const { backoff } = backoffAt();
    for (let i = 0; i < 100; i++) {
      backoff.begin('a', 'x');
      backoff.succeed('a', 'x');
    }
    expect(refusal(() => backoff.begin('a', 'x'))).toBeNull();
  });

  test('what is remembered is bounded', () => {
    const { backoff } = backoffAt();
    for (let i = 0; i < 5; i++) backoff.begin('first', 'first');
    expect(refusal(() => backoff.begin('first', 'first'))).not.toBeNull();
    for (let i = 0; i < 10_001; i++) backoff.begin(`a${i}`, `b${i}`);
    expect(refusal(() => backoff.begin('first', 'first'))).toBeNull();
  });
});

test('an attempt whose password could not be checked (the database was away) does not count', async () => {
  const { backoff } = backoffAt();
  const away = () => Promise.reject(new Error('away'));
  for (let i = 0; i < 100; i++)
    await expect(backoff.attempt('a', '192.0.2.1', away)).rejects.toThrow('away');
  expect(await backoff.attempt('a', '192.0.2.1', async () => 'user')).toBe('user');
});
