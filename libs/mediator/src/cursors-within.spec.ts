import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench } from './testing/bench.js';

const CHANNELS = ['a', 'b', 'c'];

describe('the cursors within an answer', () => {
  test('P4: from the one after each message, what follows is just what follows, in every channel', async () => {
    const published = fc.array(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        published,
        fc.integer({ min: 1, max: 25 }),
        fc.boolean(),
        async (list, limit, isLive) => {
          const bench = new Bench();
          const before = await bench.cursorNow(CHANNELS);
          for (const [n, channel] of list.entries()) await bench.publish(channel, n);
          // From memory, or from the log.
          const reader = isLive ? bench : new Bench({ engine: () => bench.model });
          const poll = await reader.poll({ channels: CHANNELS, cursor: before, limit });
          const answer = poll.answers[0]!;
          const cursors = answer.cursors!()!;
          expect(cursors).toHaveLength(answer.messages);
          expect(cursors.at(-1)).toBe(answer.cursor);
          for (const [i, cursor] of cursors.entries()) {
            const seen = poll.body.messages.slice(0, i + 1);
            const rest = await reader.poll({ channels: CHANNELS, cursor, waitMs: 0 });
            for (const channel of CHANNELS) {
              const after = seen.filter((one) => one.channel === channel).length;
              const all = list.flatMap((one, n) => (one === channel ? [n] : []));
              const got = rest.body.messages.filter((one) => one.channel === channel);
              expect(got.map((one) => one.data)).toEqual(all.slice(after));
              expect(rest.body.channels[channel]?.lost).toBeNull();
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('there are none for many channels, where each would be as long as a message', async () => {
    const bench = new Bench();
    const channels = Array.from({ length: 33 }, (_, n) => `room-${n}`);
    const cursor = await bench.cursorNow(channels);
    await bench.publish('room-1', 1);
    const poll = await bench.poll({ channels, cursor });
    expect(poll.answers[0]!.cursors!()).toBeNull();
  });
});
