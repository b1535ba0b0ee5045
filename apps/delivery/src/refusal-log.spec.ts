import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import type { Logger } from '#platform';
import { RefusalLog } from './refusal-log.js';

function setUp() {
  const lines: { level: string; facts: Record<string, unknown> }[] = [];
  const at = (level: string) => (facts: Record<string, unknown>) => lines.push({ level, facts });
  const clock = { now: 0, monotonic: () => clock.now };
  const log = { error: at('error'), warn: at('warn') } as unknown as Logger;
  return { lines, clock, refusals: new RefusalLog(log, clock) };
}
const cause = new Error('the disk is gone');

describe('the log of refusals', () => {
  test('has every fault of our own, with its cause and the id that the client got', () => {
    const { lines, refusals } = setUp();
    refusals.note(new Problem('internal', 'It failed.', {}, cause), 'r1');
    refusals.note(new Problem('internal', 'It failed.', {}, cause), 'r2');
    expect(lines).toEqual([
      { level: 'error', facts: { err: cause, requestId: 'r1' } },
      { level: 'error', facts: { err: cause, requestId: 'r2' } },
    ]);
  });

  test('says why something was not available, once a second for each code, and how many it left out', () => {
    const { lines, clock, refusals } = setUp();
    const unavailable = new Problem('unavailable', 'The log cannot be read.', {}, cause);
    for (let i = 0; i < 1000; i++) refusals.note(unavailable, `r${i}`);
    refusals.note(new Problem('storage_full', 'No room.', {}, cause), 's');
    clock.now += 1000;
    refusals.note(unavailable, 'later');
    expect(lines.map(({ facts }) => [facts['code'], facts['requestId'], facts['leftOut']])).toEqual(
      [
        ['unavailable', 'r0', 0],
        ['storage_full', 's', 0],
        ['unavailable', 'later', 999],
      ],
    );
  });

  test('has nothing of what the asker did wrong', () => {
    const { lines, refusals } = setUp();
    refusals.note(new Problem('invalid_message', 'No data.'), 'r');
    expect(lines).toEqual([]);
  });
});
