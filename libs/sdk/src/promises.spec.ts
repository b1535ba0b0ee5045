import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from './types.js';
import type { FakeHoldline, Fault } from './testing/fake-holdline.js';
import { World } from './testing/world.js';

/** What the world does to a client between two of its requests. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      channel: fc.nat(2),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      kind: fc.constantFrom(
        'unreachable',
        'answer-lost',
        'unavailable',
        'silence',
        'drop-one',
        'double',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 600, 20_000, 70_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      channel: fc.nat(2),
      from: fc.constantFrom('now', 'start', '-2'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), reader: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('token' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('path' as const),
      what: fc.constantFrom('cut', 'swallow', 'gather', 'clear', 'skip', 'end'),
    }),
  },
);

const transport = fc.constantFrom('hold' as const, 'stream' as const, 'auto' as const);

/** What happens to streams; those that begin later are gathered until the way is clear. */
function onPath({ streams }: FakeHoldline, what: string, next: number): void {
  if (what === 'cut') streams.cut();
  else if (what === 'swallow') streams.swallow();
  else if (what === 'skip') streams.skipped.add(next);
  else if (what === 'end') streams.end('draining', 503);
  else streams.isBuffered = what === 'gather';
}

function faultOf(kind: string): Fault {
  switch (kind) {
    case 'unavailable':
      return { kind: 'problem', code: 'unavailable', retryAfter: '1' };
    case 'drop-one':
      return {
        kind: 'bent',
        bend: (answer) => ({ ...answer, messages: answer.messages.slice(1) }),
      };
    case 'double':
      return {
        kind: 'bent',
        bend: (answer) => ({
          ...answer,
          messages: answer.messages.flatMap((m: Message) => [m, m]),
        }),
      };
    default:
      return { kind: kind as 'unreachable' | 'answer-lost' | 'silence' };
  }
}

describe('whatever the network and a faulty server do', () => {
  test('P2 P3 P4 each reader gets an unbroken stretch of the log up to its end, once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(transport, fc.array(step, { maxLength: 25 }), async (transport, steps) => {
        let made = 0;
        const world = new World({ transport, authorize: async () => `t${++made}` });
        let revoked = 0;
        const faults: Fault[] = [];
        world.server.fault = ({ token }) => {
          if (Number(token?.slice(1)) <= revoked) return { kind: 'problem', code: 'token_expired' };
          return faults.shift() ?? null;
        };
        let next = 0;
        const gaps = new Set<string>();
        for (const channel of ['c0', 'c1', 'c2']) {
          world.holdline.channel(channel).on('gap', () => gaps.add(channel));
        }
        const readers: {
          channel: string;
          from: string;
          messages: Message[];
          end: number | null;
          stop: () => void;
        }[] = [];
        for (const action of steps) {
          if (action.do === 'publish') {
            for (let i = 0; i < action.count; i++) world.publish(`c${action.channel}`, next++);
          } else if (action.do === 'fail') {
            faults.push(faultOf(action.kind));
          } else if (action.do === 'wait') {
            await world.clock.advance(action.ms);
          } else if (action.do === 'subscribe') {
            const channel = `c${action.channel}`;
            readers.push({
              channel,
              from: action.from,
              end: null,
              ...world.reader(channel, action.from),
            });
          } else if (action.do === 'stop') {
            const reader = readers[action.reader];
            if (reader && reader.end === null) {
              reader.stop();
              reader.end = reader.messages.length;
            }
          } else if (action.do === 'token') {
            revoked = made;
          } else if (action.do === 'path') {
            onPath(world.server, action.what, next);
          } else {
            await world.settle();
          }
        }
        faults.length = 0;
        world.server.streams.isBuffered = false;
        // What is left out last shows with the next message, and there is one for each channel.
        world.server.streams.skipped.clear();
        await world.clock.advance(300_000);
        for (const channel of ['c0', 'c1', 'c2']) world.publish(channel, next++);
        await world.settle();
        for (const { channel, from, messages, end } of readers) {
          const log = world.server.log(channel);
          const got = messages.map(({ position }) => position);
          if (end !== null) expect(got).toHaveLength(end);
          if (gaps.has(channel)) {
            // The same message was left out twice: told, and still nothing twice or out of order.
            expect(got).toEqual([...new Set(got)].sort((a, b) => a - b));
            continue;
          }
          // One unbroken stretch of the log; to its end for who is still subscribed.
          const first = log.findIndex(({ position }) => position === got[0]);
          const stretch = log.slice(Math.max(first, 0)).map(({ position }) => position);
          expect(got).toEqual(end === null ? stretch : stretch.slice(0, got.length));
          if (end !== null) continue;
          if (from === 'start') expect(got).toHaveLength(log.length);
          if (from === '-2') expect(got.length).toBeGreaterThanOrEqual(Math.min(2, log.length));
        }
        expect(world.errors).toEqual([]);
        world.holdline.close();
        await world.settle();
        expect(world.clock.pending).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
