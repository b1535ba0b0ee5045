import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import type { PublishMessage } from '#contracts';
import fc from 'fast-check';
import { Bench, ownerOf } from './testing/bench.js';
import type { Poll } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';
import type { ReceiveView } from './types.js';

const view = (wanted: Partial<ReceiveView>): ReceiveView => {
  const rest = { names: null, headers: null, conflate: null, windowMs: 0, ...wanted };
  return { key: JSON.stringify(rest), ...rest };
};
const CHAT = view({ names: ['chat', 'chat.*'] });
const named = (name: string, data: unknown = name): PublishMessage => ({ name, data });
const about = (key: string, data: unknown): PublishMessage => ({ data, headers: { key } });
const roomOf = (poll: Poll) => poll.body.channels['room'];

describe('a view filters', () => {
  test('by literal names and beginnings; the proof covers and counts what is left out', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ view: CHAT });
    const { messages } = await bench.send('room', [
      named('typing'),
      named('chat'),
      named('chatter'),
      named('chat.edit'),
      { data: 'no name' },
    ]);
    await quiet();
    expect(poll.data).toEqual(['chat', 'chat.edit']);
    expect(roomOf(poll)).toMatchObject({ from: 0, to: messages[4]?.position, filtered: 3 });
    expect(roomOf(poll)?.lost).toBeNull();
    expect(bench.delivered).toEqual(['app-1/room:2']);
  });

  test('by headers: every header named, any of its values', async () => {
    const bench = new Bench();
    const wanted = view({ headers: { lang: ['en', 'de'], kind: ['*'] } });
    const poll = await bench.poll({ view: wanted });
    const of = (headers: Record<string, string>): PublishMessage => ({ data: headers, headers });
    await bench.send('room', [
      of({ lang: 'en' }),
      of({ lang: 'de', kind: 'x' }),
      of({ lang: 'fr', kind: 'x' }),
      { data: 0 },
    ]);
    await quiet();
    expect(poll.data).toEqual([{ lang: 'de', kind: 'x' }]);
  });

  test('a wake with nothing wanted keeps holding, and the next answer covers it', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ view: CHAT });
    for (let i = 0; i < 5; i++) {
      await bench.send('room', [named('typing')]);
      await quiet();
    }
    expect(poll.settlements).toBe(0);
    expect(bench.mediator.holdCount()).toBe(1);
    await bench.send('room', [named('chat')]);
    await quiet();
    expect(poll.data).toEqual(['chat']);
    expect(roomOf(poll)).toMatchObject({ from: 0, filtered: 5 });
    expect(bench.settled).toEqual(['messages']);
  });

  test('P4 the cursor at the end of a hold lies past what was left out', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ view: CHAT, waitMs: 1000 });
    const { messages } = await bench.send('room', [named('typing')]);
    await quiet();
    bench.clock.advance(1100);
    await quiet();
    expect(poll.body).toMatchObject({ messages: [], timedOut: true });
    expect(roomOf(poll)).toMatchObject({ from: 0, to: messages[0]?.position, filtered: 1 });
    const plain = await bench.poll({ cursor: poll.body.cursor, waitMs: 0 });
    expect(plain.body.messages).toEqual([]);
    expect(bench.settled).toEqual(['timeout', 'timeout']);
  });

  test('equal views share one answer, other views and none have theirs', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    const polls = await Promise.all([
      bench.poll({ cursor, view: CHAT }),
      bench.poll({ cursor, view: view({ names: ['chat', 'chat.*'] }) }),
      bench.poll({ cursor, view: view({ names: ['typing'] }) }),
      bench.poll({ cursor }),
    ]);
    await bench.send('room', [named('typing'), named('chat')]);
    await quiet();
    expect(polls.map((poll) => poll.data)).toEqual([
      ['chat'],
      ['chat'],
      ['typing'],
      ['typing', 'chat'],
    ]);
    expect(polls[0]?.answers[0]?.body).toBe(polls[1]?.answers[0]?.body);
    expect(roomOf(polls[3])).not.toHaveProperty('filtered');
    expect(new Set(polls.map((poll) => poll.body.cursor)).size).toBe(1);
  });

  test('a limit cuts before the first message without room, and what follows is not covered', async () => {
    const bench = new Bench();
    await bench.send('room', [named('chat', 1), named('x'), named('chat', 2), named('chat', 3)]);
    const first = await bench.poll({ from: { kind: 'start' }, view: CHAT, limit: 1, waitMs: 0 });
    expect([first.data, roomOf(first)?.filtered]).toEqual([[1], 1]);
    const next = await bench.poll({ cursor: first.body.cursor, view: CHAT, limit: 1, waitMs: 0 });
    expect([next.data, roomOf(next)?.filtered]).toEqual([[2], 0]);
    expect(roomOf(next)?.from).toBe(roomOf(first)?.to);
  });

  test('a long past without a match is looked through, and others get their turn meanwhile', async () => {
    const bench = new Bench();
    const noise = Array.from({ length: 1000 }, () => named('x'));
    for (let i = 0; i < 30; i++) await bench.send('room', noise);
    await bench.send('room', [named('chat')]);
    let poll = await bench.poll({ from: { kind: 'start' }, view: CHAT, waitMs: 0 });
    await quiet(100);
    expect(poll.body).toMatchObject({ messages: [], timedOut: false });
    let seen = roomOf(poll)?.filtered ?? 0;
    poll = await bench.poll({ cursor: poll.body.cursor, view: CHAT, waitMs: 0 });
    await quiet(100);
    seen += roomOf(poll)?.filtered ?? 0;
    expect([poll.data, seen]).toEqual([['chat'], 30_000]);
    const held = await bench.poll({ from: { kind: 'start' }, view: CHAT });
    await quiet(100);
    expect(held.data).toEqual(['chat']);
  });
});

describe('a view conflates', () => {
  test('of each value of the header only the newest comes; the rest is counted', async () => {
    const bench = new Bench();
    await bench.send('room', [
      about('a', 1),
      about('b', 2),
      { data: 'none' },
      about('a', 3),
      about('a', 4),
    ]);
    const wanted = view({ conflate: 'key' });
    const poll = await bench.poll({ from: { kind: 'start' }, view: wanted });
    expect(poll.data).toEqual([2, 'none', 4]);
    expect(roomOf(poll)).toMatchObject({ conflated: 2 });
    expect(roomOf(poll)).not.toHaveProperty('filtered');
  });
});

describe('a view gathers', () => {
  const WINDOW = view({ windowMs: 500 });

  test('from the first message on for its window, then everything comes at once', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ view: WINDOW });
    const plain = await bench.poll();
    bench.clock.advance(3000);
    for (const data of [1, 2, 3]) {
      await bench.publish('room', data);
      await quiet();
      bench.clock.advance(150);
      await quiet();
    }
    expect(plain.data).toEqual([1]);
    expect(poll.settlements).toBe(0);
    bench.clock.advance(200);
    await quiet();
    expect(poll.data).toEqual([1, 2, 3]);
  });

  test('not beyond the end of the hold, nor when the answer is full', async () => {
    const bench = new Bench();
    const short = await bench.poll({ view: WINDOW, waitMs: 300 });
    const long = await bench.poll({ view: WINDOW });
    await bench.publish('room', 1);
    await quiet();
    bench.clock.advance(350);
    await quiet();
    expect([short.data, long.settlements]).toEqual([[1], 0]);
    bench.clock.advance(250);
    await quiet();
    expect(long.data).toEqual([1]);
    const full = await bench.poll({ view: WINDOW, limit: 2 });
    await bench.publish('room', 1, 2);
    await quiet();
    expect(full.data).toEqual([1, 2]);
  });

  test('drain answers those who gather with what there is', async () => {
    const bench = new Bench();
    const gathering = await bench.poll({ view: WINDOW });
    const idle = await bench.poll({ channels: ['other'], view: WINDOW });
    await bench.publish('room', 1);
    await quiet();
    bench.mediator.drain();
    await quiet();
    expect(gathering.data).toEqual([1]);
    expect(idle.body).toMatchObject({ messages: [], timedOut: true });
    expect(bench.mediator.holdCount()).toBe(0);
  });
});

describe('a view’s hold settles once', () => {
  test('P7 revoked while it holds, gathers, or opens; and it is gone then', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    const gathering = view({ windowMs: 500 });
    const polls = [
      bench.ask({ cursor, view: CHAT }),
      bench.ask({ cursor, view: gathering }),
      bench.ask({ from: { kind: 'start' }, channels: ['new'], view: CHAT }),
    ];
    await bench.publish('room', 1);
    const why = new Problem('revoked', 'Revoked.');
    expect(bench.mediator.endHolds(({ keyId }) => keyId === 'other', why)).toBe(0);
    expect(bench.mediator.endHolds(({ keyId }) => keyId === 'key', why)).toBe(3);
    bench.clock.advance(20_000);
    await quiet();
    for (const poll of polls) expect([poll.settlements, poll.refusals]).toEqual([1, [why]]);
    expect(bench.mediator.holdCount()).toBe(0);
  });

  test('a client that goes away is forgotten, the others of its group are not', async () => {
    const bench = new Bench();
    const gone = await bench.poll({ view: CHAT });
    const stays = await bench.poll({ view: CHAT });
    gone.hold.cancel();
    gone.hold.cancel();
    await bench.send('room', [named('x')]);
    await quiet();
    await bench.send('room', [named('chat')]);
    await quiet();
    expect([gone.settlements, stays.data]).toEqual([0, ['chat']]);
    expect(bench.mediator.holdCount()).toBe(0);
    bench.clock.advance(61_000);
    expect(bench.mediator.channelCount()).toBe(0);
  });

  test('P5 another app’s credential is not told of a channel of the same name', async () => {
    const bench = new Bench();
    const other = await bench.poll({
      subscriptions: [{ owner: ownerOf('app-2'), channels: ['room'] }],
      view: CHAT,
    });
    await bench.send('room', [named('chat')]);
    await quiet();
    expect(other.settlements).toBe(0);
  });
});

test('P4 whatever is published when: the answers are what the view wants, in order, and count the rest', async () => {
  const message = fc.record({
    name: fc.constantFrom('chat', 'chat.x', 'typing'),
    key: fc.constantFrom('a', 'b', undefined),
  });
  const step = fc.oneof(
    fc.record({ publish: fc.array(message, { minLength: 1, maxLength: 6 }) }),
    fc.record({ pass: fc.integer({ min: 50, max: 1500 }) }),
  );
  const settings = fc.record({
    filter: fc.boolean(),
    windowMs: fc.constantFrom(0, 200),
    limit: fc.constantFrom(1, 2, 100),
    wait: fc.constantFrom(0, 500, 2000),
  });
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 25 }), async (set, steps) => {
      const bench = new Bench();
      const wanted = view({
        names: set.filter ? ['chat', 'chat.*'] : null,
        windowMs: set.windowMs,
      });
      const all: { name: string; n: number }[] = [];
      const got: unknown[] = [];
      let filtered = 0;
      let reached = 0;
      let cursor = await bench.cursorNow();
      let poll: Poll | null = null;
      const reads = (): void => {
        if (poll?.settlements === 0) return;
        if (poll) {
          expect(roomOf(poll)).toMatchObject({ from: reached, lost: null });
          reached = roomOf(poll)!.to;
          filtered += roomOf(poll)!.filtered ?? 0;
          got.push(...poll.data);
          ({ cursor } = poll.body);
        }
        poll = bench.ask({ cursor, view: wanted, limit: set.limit, waitMs: set.wait });
      };
      for (const one of steps) {
        reads();
        if ('publish' in one) {
          const batch = one.publish.map(({ name, key }) => {
            all.push({ name, n: all.length });
            return { name, data: all.length - 1, ...(key ? { headers: { key } } : {}) };
          });
          await bench.send('room', batch);
        } else bench.clock.advance(one.pass);
        await quiet(3);
      }
      for (let i = 0; i < 2 * all.length + 4; i++) {
        bench.clock.advance(2500);
        await quiet(3);
        reads();
      }
      const isWanted = ({ name }: { name: string }): boolean => !set.filter || name !== 'typing';
      expect(got).toEqual(all.filter(isWanted).map(({ n }) => n));
      expect(filtered).toBe(all.length - got.length);
      expect(bench.faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
