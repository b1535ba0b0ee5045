import { expect, test } from '@jest/globals';
import { APP, Bench, ownerOf } from '../testing/bench.js';
import type { AnswerBody, Poll } from '../testing/bench.js';
import { quiet } from '../testing/manual-clock.js';
import { presenceChannel } from './names.js';
import { Presence } from './presence.js';

const MEMBERS = 5000;
const WATCHERS = 500;

test('5000 who come within a second: each of 500 watchers is answered once per window, all with the same bytes', async () => {
  const bench = new Bench();
  const { clock, model: engine } = bench;
  let ids = 0;
  const presence = new Presence({ engine, clock, newId: () => `p${++ids}` });
  const channels = ['room', presenceChannel('room')];
  const answersOf: Buffer[][] = Array.from({ length: WATCHERS }, () => []);
  const watch = (i: number, cursor: string): void => {
    bench.ask({ channels, cursor, waitMs: 60_000 }, (poll: Poll) => {
      const { body, cursor: next } = poll.answers[0]!;
      answersOf[i]!.push(body);
      watch(i, next);
    });
  };
  const cursor = await bench.cursorNow(channels);
  for (let i = 0; i < WATCHERS; i++) watch(i, cursor);

  for (let i = 0; i < MEMBERS; i++) {
    const data = JSON.stringify({ name: `Client ${i}` });
    const entry = { owner: ownerOf(APP), channel: 'room', clientId: `client-${i}`, data };
    presence.put(entry, 60_000);
    if (i % 250 !== 249) continue;
    clock.advance(50);
    await quiet(2);
  }
  for (let i = 0; i < 40; i++) {
    clock.advance(50);
    await quiet(2);
  }
  await quiet(20);

  const [first] = answersOf;
  const told = first!.flatMap((body) => {
    const { messages } = JSON.parse(body.toString()) as AnswerBody;
    return messages.flatMap((one) => (one as unknown as { joined: unknown[] }).joined);
  });
  expect(told).toHaveLength(MEMBERS);
  for (const answers of answersOf) {
    expect(answers.length).toBe(first!.length);
    answers.forEach((body, i) => expect(body === first![i]).toBe(true));
  }
  // Grows with the members, not with their square: docs/patterns/presence.md states these figures.
  expect(first!.length).toBe(2);
  const bytes = first!.reduce((sum, body) => sum + body.length, 0);
  expect(Math.round(bytes / 1000)).toBe(459);
  expect(Math.round(bytes / MEMBERS)).toBe(92);
  presence.close();
});
