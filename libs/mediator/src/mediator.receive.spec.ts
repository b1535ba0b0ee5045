import { describe, expect, test } from '@jest/globals';
import { APP, Bench, ownerOf } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';

describe('receive: holding', () => {
  test('a held poll is answered with the message, its proof and a cursor that goes on', async () => {
    const bench = new Bench();
    const poll = await bench.poll();
    expect(poll.settlements).toBe(0);
    const { messages, cursor } = await bench.send('room', [
      { data: { n: 1 }, name: 'hello', headers: { a: 'b' }, id: 'mine' },
    ]);
    await quiet();
    const { position } = messages[0]!;
    expect(poll.body).toEqual({
      messages: [
        {
          channel: 'room',
          position,
          previous: 0,
          timestamp: '2026-01-01T00:00:00.000Z',
          id: 'mine',
          name: 'hello',
          data: { n: 1 },
          headers: { a: 'b' },
        },
      ],
      cursor,
      timedOut: false,
      channels: { room: { epoch: expect.any(String), from: 0, to: position, lost: null } },
    });
    expect(poll.answers[0]).toMatchObject({ cursor, timedOut: false, messages: 1 });
    expect(bench.mediator.holdCount()).toBe(0);
    expect(bench.settled).toEqual(['messages']);
    expect(bench.delivered).toEqual([`${APP}/room:1`]);
  });

  test('a poll registers before it reads: what is published while it reads is not missed', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    bench.clock.advance(61_000);
    expect(bench.mediator.channelCount()).toBe(0);
    const poll = bench.ask({ cursor });
    // The read for this poll is under way: nothing has been awaited since it began.
    const published = bench.publish('room', 'during the read');
    await published;
    await quiet();
    expect(poll.data).toEqual(['during the read']);
  });

  test('now is the moment the request came: what was acknowledged before is not shown, what comes after is', async () => {
    const bench = new Bench();
    await bench.publish('room', 'before');
    const poll = bench.ask({});
    await bench.publish('room', 'after');
    const second = bench.ask({});
    await bench.publish('room', 'later');
    await quiet();
    expect(poll.data[0]).toBe('after');
    expect(second.data).toEqual(['later']);
  });

  test('everything one commit brought to several channels of a hold comes in one answer', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ channels: ['a', 'b'] });
    const both = [bench.publish('a', 1), bench.publish('b', 2)];
    await Promise.all(both);
    await quiet();
    expect(poll.settlements).toBe(1);
    expect(poll.data).toEqual([1, 2]);
  });

  test('P2: one channel has one order, that of the commits, for every reader', async () => {
    const bench = new Bench();
    const polls = await Promise.all([bench.poll(), bench.poll({ from: { kind: 'start' } })]);
    await bench.publish('room', 1, 2, 3);
    await quiet();
    for (const poll of polls) expect(poll.data).toEqual([1, 2, 3]);
  });

  test('readers at one place get the same bytes, whatever their limit, if everything fits', async () => {
    const bench = new Bench();
    const polls = [bench.ask({}), bench.ask({ limit: 5 }), bench.ask({ limit: 1 })];
    await quiet();
    await bench.publish('room', 1, 2);
    await quiet();
    const [a, b, c] = polls.map((poll) => poll.answers[0]!);
    expect(b!.body).toBe(a!.body);
    expect(c!.messages).toBe(1);
    expect(polls[2]!.data).toEqual([1]);
    expect(bench.delivered).toEqual([`${APP}/room:4`, `${APP}/room:1`]);
  });

  test('a wake that brings nothing new for a reader keeps it held', async () => {
    const bench = new Bench();
    const reader = await bench.poll({ channels: ['a'] });
    await bench.send('a', [{ data: 1, id: 'x' }]);
    await quiet();
    const next = await bench.poll({ channels: ['a'], cursor: reader.body.cursor });
    await bench.send('a', [{ data: 1, id: 'x' }]);
    await bench.publish('b', 1);
    await quiet();
    expect(next.settlements).toBe(0);
  });

  test('a channel named twice, or by two credentials, is read once', async () => {
    const bench = new Bench();
    const poll = await bench.poll({
      subscriptions: [
        { owner: ownerOf(APP, 'one'), channels: ['room', 'room'] },
        { owner: ownerOf(APP, 'two'), channels: ['room'] },
      ],
    });
    await bench.publish('room', 1);
    await quiet();
    expect(poll.data).toEqual([1]);
    expect(Object.keys(poll.body.channels)).toEqual(['room']);
  });

  test('a re-poll that is a little behind is answered at once, without asking the log', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    await bench.publish('room', 2);
    const poll = bench.ask({ cursor });
    expect(poll.data).toEqual([1, 2]);
    expect(bench.ask({ cursor }).answers[0]!.body).toBe(poll.answers[0]!.body);
  });

  test('what memory has let go of is read from the log', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    bench.clock.advance(5000);
    const poll = bench.ask({ cursor });
    expect(poll.settlements).toBe(0);
    await quiet();
    expect(poll.data).toEqual([1]);
    expect(poll.body.channels.room).toMatchObject({ lost: null });
  });

  test('a message whose own ttl ran out is not handed out from memory, and the reader is told', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    const { messages } = await bench.send('room', [{ data: 1, ttl: 1 }]);
    bench.clock.advance(1001);
    const poll = await bench.poll({ cursor });
    const { position } = messages[0]!;
    expect(poll.data).toEqual([]);
    expect(poll.body.timedOut).toBe(false);
    expect(poll.body.channels.room).toMatchObject({
      from: 0,
      to: position,
      lost: { reason: 'retention' },
    });
    const next = await bench.poll({ cursor: poll.body.cursor });
    expect(next.settlements).toBe(0);
  });
});

describe('receive: limits', () => {
  test('what does not fit stays for the next poll, and the chain shows nothing is missing', async () => {
    const bench = new Bench();
    let cursor = await bench.cursorNow();
    await bench.publish('room', ...Array.from({ length: 10 }, (_, i) => i));
    const seen: unknown[] = [];
    let previous = 0;
    for (let i = 0; i < 4; i++) {
      const poll = await bench.poll({ cursor, limit: 3 });
      const { room } = poll.body.channels;
      expect(room).toMatchObject({ from: previous, lost: null });
      expect(poll.body.messages[0]!.previous).toBe(previous);
      previous = room!.to;
      seen.push(...poll.data);
      ({ cursor } = poll.body);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('P5: a flood in one channel leaves the others of the poll their share', async () => {
    for (const isOld of [false, true]) {
      const bench = new Bench();
      const channels = ['flood', 'quiet'];
      const cursor = await bench.cursorNow(channels);
      await bench.publish('flood', ...Array.from({ length: 50 }, (_, i) => i));
      await bench.publish('quiet', 'a', 'b');
      if (isOld) bench.clock.advance(5000);
      const poll = await bench.poll({ channels, cursor, limit: 10 });
      const names = poll.body.messages.map((message) => message.channel);
      expect(names.filter((name) => name === 'flood')).toHaveLength(8);
      expect(names.filter((name) => name === 'quiet')).toHaveLength(2);
    }
  });

  test('with more channels than room, each gets its turn', async () => {
    const bench = new Bench();
    const channels = ['a', 'b', 'c', 'd', 'e'];
    let cursor = await bench.cursorNow(channels);
    for (const channel of channels) {
      await bench.publish(channel, 1, 2);
      bench.clock.advance(10);
    }
    const seen: string[] = [];
    while (seen.length < 10) {
      const poll = await bench.poll({ channels, cursor, limit: 2 });
      expect(poll.data).toHaveLength(2);
      seen.push(...poll.body.messages.map(({ channel, data }) => `${channel}${String(data)}`));
      ({ cursor } = poll.body);
    }
    expect([...seen].sort()).toEqual(channels.flatMap((channel) => [`${channel}1`, `${channel}2`]));
  });

  test('an answer stays under its bytes, and one message larger than that goes alone', async () => {
    const bench = new Bench();
    let cursor = await bench.cursorNow();
    const big = 'x'.repeat(1024 * 1024);
    await bench.publish('room', big, big, big, big, big);
    bench.clock.advance(2000);
    const sizes: number[] = [];
    for (let i = 0; i < 2; i++) {
      const poll = await bench.poll({ cursor });
      sizes.push(poll.data.length);
      ({ cursor } = poll.body);
    }
    expect(sizes).toEqual([3, 2]);
    await bench.publish('room', 'x'.repeat(5 * 1024 * 1024), 'small');
    const alone = await bench.poll({ cursor });
    expect(alone.data).toHaveLength(1);
    const rest = await bench.poll({ cursor: alone.body.cursor });
    expect(rest.data).toEqual(['small']);
  });
});

describe('receive: where it begins', () => {
  const shown = async (bench: Bench, from: Parameters<Bench['poll']>[0]): Promise<unknown[]> =>
    (await bench.poll({ waitMs: 0, ...from })).data;

  test('start, the last N and a time', async () => {
    const bench = new Bench();
    await bench.publish('room', 1, 2);
    bench.clock.advance(60_000);
    const at = bench.clock.now();
    await bench.publish('room', 3);
    await bench.publish('other', 'noise');
    expect(await shown(bench, { from: { kind: 'now' } })).toEqual([]);
    expect(await shown(bench, { from: { kind: 'start' } })).toEqual([1, 2, 3]);
    expect(await shown(bench, { from: { kind: 'last', count: 2 } })).toEqual([2, 3]);
    expect(await shown(bench, { from: { kind: 'last', count: 9 } })).toEqual([1, 2, 3]);
    expect(await shown(bench, { from: { kind: 'last', count: 0 } })).toEqual([]);
    expect(await shown(bench, { from: { kind: 'time', at } })).toEqual([3]);
    expect(await shown(bench, { from: { kind: 'time', at: at + 1 } })).toEqual([]);
    expect(await shown(bench, { from: { kind: 'last', count: 3 }, limit: 2 })).toEqual([1, 2]);
  });

  test('start begins at the oldest kept and calls nothing lost', async () => {
    const bench = new Bench();
    await bench.send('room', [{ data: 1 }, { data: 2 }, { data: 3 }], { seconds: 60, messages: 2 });
    const poll = await bench.poll({ from: { kind: 'start' } });
    expect(poll.data).toEqual([2, 3]);
    const { room } = poll.body.channels;
    expect(room).toMatchObject({ from: poll.body.messages[0]!.previous, lost: null });
  });

  test('P4: a time from which messages are no longer kept says so', async () => {
    const bench = new Bench();
    const at = bench.clock.now();
    await bench.send('room', [{ data: 1 }, { data: 2 }, { data: 3 }], { seconds: 60, messages: 2 });
    const poll = await bench.poll({ from: { kind: 'time', at } });
    expect(poll.data).toEqual([2, 3]);
    expect(poll.body.channels.room!.lost).toEqual({ reason: 'retention', count: 1 });
  });

  test('counting back too far is refused with what to do instead', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ from: { kind: 'last', count: 20_000 } });
    expect(poll.refusals[0]).toMatchObject({ code: 'invalid_request' });
    expect(poll.refusals[0]!.message).toContain('from=start');
  });

  test('a hold from an empty channel begins before its first message', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ from: { kind: 'start' } });
    await bench.publish('room', 1);
    await quiet();
    expect(poll.data).toEqual([1]);
  });
});

describe('receive: what is lost', () => {
  test('P4: messages that retention took are told, with their count, and the answer goes on', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.send(
      'room',
      [1, 2, 3, 4].map((data) => ({ data })),
      { seconds: 60, messages: 2 },
    );
    bench.clock.advance(2000);
    const poll = await bench.poll({ cursor });
    expect(poll.data).toEqual([3, 4]);
    expect(poll.body.channels.room!.lost).toEqual({ reason: 'retention', count: 2 });
    expect(poll.body.channels.room!.from).toBe(0);
  });

  test('P4: everything gone, and the reader is told at once and then has nothing to be told', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1, 2);
    await bench.model.purge({ app: APP, name: 'room' });
    bench.clock.advance(2000);
    const poll = await bench.poll({ cursor });
    expect(poll.body.channels.room).toMatchObject({ lost: { reason: 'retention', count: 2 } });
    const next = await bench.poll({ cursor: poll.body.cursor });
    expect(next.settlements).toBe(0);
    await bench.publish('room', 3);
    await quiet();
    expect(next.body.channels.room!.lost).toBeNull();
  });

  test('P4: a hole inside what is handed out is told', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.send('room', [{ data: 1 }, { data: 2, ttl: 1 }, { data: 3 }]);
    bench.clock.advance(3000);
    const poll = await bench.poll({ cursor });
    expect(poll.data).toEqual([1, 3]);
    expect(poll.body.channels.room!.lost).toEqual({ reason: 'retention' });
  });

  test('P4: another epoch is told, and the answer goes on from the oldest kept', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    bench.model.changeEpoch();
    bench.clock.advance(61_000);
    const poll = await bench.poll({ cursor });
    expect(poll.data).toEqual([1]);
    expect(poll.body.channels.room).toMatchObject({ from: 0, lost: { reason: 'epoch' } });
    const next = await bench.poll({ cursor: poll.body.cursor });
    expect(next.settlements).toBe(0);
  });

  test('P4: an epoch that changes under a hold is noticed with the next publish', async () => {
    const bench = new Bench();
    const cursor = (await bench.publish('room', 1)).cursor;
    const poll = await bench.poll({ cursor });
    bench.model.changeEpoch();
    await bench.publish('other', 'no news here');
    await quiet();
    expect(poll.settlements).toBe(0);
    await bench.publish('room', 2);
    await quiet();
    const next = await bench.poll({ cursor: poll.body.cursor });
    expect(next.body.channels.room).toMatchObject({ lost: { reason: 'epoch' } });
  });
});
