import { expect, test } from '@jest/globals';
import { TestClock } from './conformance/harness.js';
import { MemoryDirectory } from './memory-directory.js';
import type { SharedHomes } from './memory-directory.js';

test('a client that moves is homed on its new node, and the old one’s release changes nothing', async () => {
  const clock = new TestClock();
  const homes: SharedHomes = new Map();
  const one = new MemoryDirectory('one', clock, homes);
  const two = new MemoryDirectory('two', clock, homes);
  one.claim('app', 'ann');
  clock.advance(1000);
  two.claim('app', 'ann');
  one.release('app', 'ann');
  for (const directory of [one, two])
    expect(await directory.find('app', 'ann')).toEqual({ node: 'two', since: clock.now() });
});
