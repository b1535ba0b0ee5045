import { describe, expect, test } from '@jest/globals';
import type { Answer } from '#mediator';
import { NDJSON } from './ndjson.js';
import { SSE } from './sse.js';
import { messagesFrame } from './ws/frames.js';

const LOST = { epoch: 'e', from: 3, to: 9, lost: { reason: 'retention', count: 4 } };
const KEPT = { epoch: 'e', from: 1, to: 2, lost: null };

function answer(messages: object[], channels: object, cursors?: string[]): Answer {
  const body = { messages, cursor: 'C', timedOut: false, channels };
  return {
    body: Buffer.from(JSON.stringify(body)),
    cursor: 'C',
    timedOut: false,
    messages: messages.length,
    counts: [],
    ...(cursors ? { cursors: () => cursors } : {}),
  };
}

describe('Server-Sent Events', () => {
  test('each event has the cursor after it; what is missing is told first', () => {
    const text = SSE.answer(answer([{ n: 1 }, { n: 2 }], { a: LOST, b: KEPT }, ['A', 'B']), false);
    expect(text.toString()).toBe(
      `event: lost\ndata: ${JSON.stringify({ channel: 'a', ...LOST })}\n\n` +
        'id: A\ndata: {"n":1}\n\nid: C\ndata: {"n":2}\n\n',
    );
  });

  test('without cursors of their own only the last event has one, so that nothing can be missed', () => {
    const text = SSE.answer(answer([{ n: 1 }, { n: 2 }], {}), false).toString();
    expect(text).toBe('data: {"n":1}\n\nid: C\ndata: {"n":2}\n\n');
  });

  test('a loss without a message moves the cursor too', () => {
    expect(SSE.answer(answer([], { a: LOST }), false).toString()).toMatch(/\n\nid: C\n\n$/);
  });

  test('no text can break out of its field', () => {
    const nasty = { data: 'x\r\ny\n\nevent: problem\u2028\u0085\u0000' };
    const text = SSE.answer(answer([nasty], {}), false).toString();
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(2);
    expect(text).not.toContain('\r');
  });
});

test('NDJSON: lines of messages, losses and the cursor', () => {
  const lines = NDJSON.answer(answer([{ n: 1 }], { a: LOST }), false).toString();
  expect(lines.split('\n').map((line) => line && (JSON.parse(line) as unknown))).toEqual([
    { type: 'lost', channel: 'a', ...LOST },
    { n: 1 },
    { type: 'cursor', cursor: 'C' },
    '',
  ]);
});

test('WebSocket: the answer as it is, with the subscription’s id', () => {
  const one = answer([{ n: 1 }], { a: LOST });
  const frame = JSON.parse(messagesFrame(one, 'i"d', false).toString()) as object;
  expect(frame).toEqual({
    type: 'messages',
    id: 'i"d',
    ...(JSON.parse(one.body.toString()) as object),
  });
});

test('an answer is written once for all its receivers', () => {
  const one = answer([{ n: 1 }], {});
  expect(SSE.answer(one, false)).toBe(SSE.answer(one, false));
  expect(NDJSON.answer(one, false)).toBe(NDJSON.answer(one, false));
  expect(messagesFrame(one, 's1', false)).toBe(messagesFrame(one, 's1', false));
  expect(messagesFrame(one, 's2', false)).not.toBe(messagesFrame(one, 's1', false));
});

test.each([
  ['SSE', (one: Answer, isSlow: boolean) => SSE.answer(one, isSlow)],
  ['NDJSON', (one: Answer, isSlow: boolean) => NDJSON.answer(one, isSlow)],
  ['WebSocket', (one: Answer, isSlow: boolean) => messagesFrame(one, 's1', isSlow)],
])('%s: what retention took while the client did not read is its own doing', (_kind, write) => {
  const one = answer([], { a: LOST });
  expect(write(one, true).toString()).toContain('"reason":"slow_consumer","count":4');
  // Others with the same answer were not slow.
  expect(write(one, false).toString()).toContain('"reason":"retention","count":4');
});
