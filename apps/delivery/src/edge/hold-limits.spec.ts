import { describe, expect, test } from '@jest/globals';
import type { Principal } from '#access';
import { HoldLimits } from './hold-limits.js';

const of = (keyId: string, holdsPerKey: number | null): Principal =>
  ({ keyId, limits: { holdsPerKey, publishesPerSecondPerKey: null } }) as Principal;

/** Nothing is counted for a bill here. */
const FREE = { beginHold: () => undefined, endHold: () => undefined };

describe('the limits of holds', () => {
  test('P8: a poll with several keys takes a place of each, whichever it names first', () => {
    const limits = new HoldLimits(100, FREE);
    const [free, narrow] = [of('free', null), of('narrow', 1)];
    limits.take(free, narrow);
    expect(() => limits.take(free, narrow)).toThrow(/narrow has 1/);
    expect(() => limits.take(narrow)).toThrow(/narrow has 1/);
    limits.release(free, narrow);
    limits.take(narrow);
  });

  test('what is refused takes nothing: of no key, and not of the server', () => {
    const limits = new HoldLimits(2, FREE);
    const [one, other] = [of('one', 1), of('other', 1)];
    limits.take(other);
    expect(() => limits.take(one, other)).toThrow(/other/);
    limits.take(one);
    limits.release(one);
    limits.release(other);
    limits.take(one, other);
  });

  test('two tokens of one key take one place, and one poll is one hold of the server', () => {
    const limits = new HoldLimits(2, FREE);
    const [one, other] = [of('one', 1), of('other', null)];
    limits.take(one, one, other);
    limits.take(other);
    expect(() => limits.take(other)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    limits.release(one, one, other);
    limits.take(one);
  });
});
