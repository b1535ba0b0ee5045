import { describe, expect, test } from '@jest/globals';
import { APP, Bench, DAY, ownerOf } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';

describe('cursors', () => {
  test('the list may change from poll to poll: new channels start at now, dropped ones are forgotten, the rest lose nothing', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow(['a', 'b']);
    await bench.publish('a', 'a1');
    await bench.publish('b', 'b1');
    await bench.publish('c', 'c1');
    const changed = await bench.poll({ channels: ['c', 'b'], cursor });
    expect(changed.data).toEqual(['b1']);
    await bench.publish('c', 'c2');
    const back = await bench.poll({ channels: ['a', 'b', 'c'], cursor: changed.body.cursor });
    expect(back.data).toEqual(['c2']);
  });

  test('the same place has the same text, whatever the order of the list, and on every node', async () => {
    const bench = new Bench();
    await bench.publish('a', 1);
    await bench.publish('b', 1);
    const one = await bench.cursorNow(['a', 'b']);
    const two = await bench.cursorNow(['b', 'a']);
    expect(two).toBe(one);
    const other = new Bench({ engine: () => bench.model });
    expect(await other.cursorNow(['a', 'b'])).toBe(one);
    const { cursor } = await bench.publish('a', 2);
    expect(await other.cursorNow(['a'])).toBe(cursor);
  });

  test('a cursor from one node goes on at another', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow(['a', 'b']);
    await bench.publish('b', 1);
    const other = new Bench({ engine: () => bench.model });
    const poll = await other.poll({ channels: ['a', 'b'], cursor });
    expect(poll.data).toEqual([1]);
  });

  test('P5: a cursor of another app, of another secret, changed, cut or made up is refused as invalid_cursor', async () => {
    const bench = new Bench();
    const foreign = new Bench({ secret: Buffer.alloc(32, 9) });
    const mine = await bench.cursorNow();
    const others = (
      await bench.poll({
        subscriptions: [{ owner: ownerOf('app-2'), channels: ['room'] }],
        waitMs: 0,
      })
    ).body.cursor;
    const bad = [
      others,
      await foreign.cursorNow(),
      `${mine}A`,
      mine.slice(1),
      'x',
      '',
      'é\n\u0000',
    ];
    for (const cursor of bad) {
      const poll = await bench.poll({ cursor });
      expect(poll.refusals[0]).toMatchObject({ code: 'invalid_cursor', status: 400 });
      expect(poll.settlements).toBe(1);
    }
    expect(bench.mediator.holdCount()).toBe(0);
  });

  test('a cursor that this node has forgotten is as good as one it remembers', async () => {
    const bench = new Bench({ limits: { cursors: 1 } });
    const cursor = await bench.cursorNow();
    for (let i = 0; i < 5; i++) await bench.cursorNow([`other-${i}`]);
    await bench.publish('room', 1);
    expect((await bench.poll({ cursor })).data).toEqual([1]);
  });
});

describe('a poll over several apps', () => {
  const both = (
    a: string,
    b: string,
  ): { subscriptions: { owner: ReturnType<typeof ownerOf>; channels: string[] }[] } => ({
    subscriptions: [
      { owner: ownerOf('app-1'), channels: [a] },
      { owner: ownerOf('app-2'), channels: [b] },
    ],
  });

  test('names each message’s app, and the channels’ apps where names are alike', async () => {
    const bench = new Bench();
    const alike = await bench.poll(both('room', 'room'));
    const different = await bench.poll(both('room', 'hall'));
    await bench.send('room', [{ data: 1 }], DAY, 'app-2');
    await bench.send('room', [{ data: 2 }], DAY, 'app-1');
    await quiet();
    expect(alike.body.messages).toMatchObject([{ app: 'app-2', channel: 'room', data: 1 }]);
    expect(Object.keys(alike.body.channels)).toEqual(['app-1/room', 'app-2/room']);
    expect(different.body.messages).toMatchObject([{ app: 'app-1', channel: 'room', data: 2 }]);
    expect(Object.keys(different.body.channels)).toEqual(['room', 'hall']);
  });

  test('goes on from a cursor that knows one of the apps', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    const poll = await bench.poll({ ...both('room', 'room'), cursor });
    expect(poll.data).toEqual([1]);
  });

  test('P5: the same channel name in another app is another channel', async () => {
    const bench = new Bench();
    const poll = await bench.poll();
    await bench.send('room', [{ data: 'secret' }], DAY, 'app-2');
    await quiet();
    expect(poll.settlements).toBe(0);
  });
});

describe('what a node keeps of channels', () => {
  test('nothing of one that is published to and never held on', async () => {
    const bench = new Bench();
    await bench.publish('room', 1);
    await bench.mediator.history({
      app: APP,
      channel: 'room',
      before: null,
      after: null,
      limit: 1,
      order: 'newest',
    });
    expect(bench.mediator.channelCount()).toBe(0);
  });

  test('a channel for a minute after its last hold, and no longer', async () => {
    const bench = new Bench();
    const poll = await bench.poll({ channels: ['a', 'b'], waitMs: 100_000 });
    bench.clock.advance(90_000);
    expect(bench.mediator.channelCount()).toBe(2);
    poll.hold.cancel();
    bench.clock.advance(59_000);
    expect(bench.mediator.channelCount()).toBe(2);
    bench.clock.advance(1200);
    expect(bench.mediator.channelCount()).toBe(0);
  });

  test('a refused poll leaves nothing for longer than that', async () => {
    const bench = new Bench();
    await bench.poll({ cursor: 'nonsense' });
    bench.clock.advance(61_000);
    expect(bench.mediator.channelCount()).toBe(0);
  });

  test('no more than it has room for: idle ones make way, held ones do not, and the refusal says what to do', async () => {
    const bench = new Bench({ limits: { channels: 3 } });
    const held = await bench.poll({ channels: ['held'] });
    for (const name of ['a', 'b', 'c', 'd']) await bench.cursorNow([name]);
    expect(bench.mediator.channelCount()).toBeLessThanOrEqual(3);
    await bench.poll({ channels: ['e', 'f'] });
    const refused = await bench.poll({ channels: ['g'] });
    expect(refused.refusals[0]).toMatchObject({ code: 'unavailable', status: 503 });
    await bench.publish('held', 1);
    await quiet();
    expect(held.data).toEqual([1]);
  });

  test('a list of no channels, or of more than a cursor can hold, is refused', async () => {
    const bench = new Bench();
    const many = Array.from({ length: 501 }, (_, i) => `room:${i}`);
    for (const channels of [[], many]) {
      const poll = await bench.poll({ channels });
      expect(poll.refusals[0]).toMatchObject({ code: 'invalid_request' });
    }
    const most = await bench.poll({ channels: many.slice(1) });
    await bench.publish('room:77', 1);
    await quiet();
    expect(most.data).toEqual([1]);
    expect(most.body.cursor.length).toBeLessThan(8192);
  });
});
