import { describe, expect, test } from '@jest/globals';
import type { TransportChange, TransportMode } from './path-choice.js';
import { World } from './testing/world.js';
import type { HoldlineOptions } from './client.js';
import type { Gap } from './types.js';

function open(transport: TransportMode, options: Partial<HoldlineOptions> = {}) {
  const world = new World({ transport, ...options });
  const changes: TransportChange[] = [];
  world.holdline.on('transport', (change) => changes.push(change));
  return { world, changes, streams: world.server.streams };
}

/** Requests for streams so far. */
const asked = (world: World): string[] =>
  world.server.seen.filter(({ path }) => path.startsWith('/v1/messages')).map(({ path }) => path);

describe('a stream', () => {
  test('P2 P3 brings what is published, once and in order, after one prompt request', async () => {
    const { world, changes, streams } = open('stream');
    const a = world.reader('a');
    const b = world.reader('b', 'start');
    await world.settle();
    world.publish('a', 1, 2);
    world.publish('b', 'x');
    await world.settle();
    world.publish('a', 3);
    await world.settle();
    expect([a.data, b.data]).toEqual([[1, 2, 3], ['x']]);
    expect([streams.count, world.server.held]).toEqual([1, []]);
    expect(changes).toEqual([{ transport: 'stream', reason: 'works' }]);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    world.holdline.close();
    await world.settle();
    expect([streams.count, world.clock.pending]).toEqual([0, []]);
  });

  test('is not what a client does that was not asked to', async () => {
    const world = new World();
    world.reader('a');
    await world.clock.advance(3_600_000);
    expect(asked(world)).toEqual([]);
    world.holdline.close();
  });

  test('P4 a cut one goes on at its cursor: nothing is missing, nothing comes twice', async () => {
    const { world, streams, changes } = open('stream');
    const room = world.reader('a');
    await world.settle();
    world.publish('a', 1);
    await world.clock.advance(20_000);
    streams.cut();
    world.publish('a', 2);
    await world.clock.advance(10_000);
    world.publish('a', 3);
    await world.settle();
    expect(room.data).toEqual([1, 2, 3]);
    expect([streams.opened, changes.length]).toEqual([2, 1]);
    world.holdline.close();
  });

  test('P4 what it leaves out in silence is asked for again before anything is handed on', async () => {
    const { world, streams } = open('stream');
    const gaps: Gap[] = [];
    world.holdline.channel('a').on('gap', (gap) => gaps.push(gap));
    const room = world.reader('a');
    await world.settle();
    streams.skipped.add(2);
    world.publish('a', 1, 2, 3);
    await world.settle();
    world.publish('a', 4);
    await world.settle();
    expect([room.data, gaps]).toEqual([[1, 2, 3, 4], []]);
    world.holdline.close();
  });

  test('P4 what it says is lost is a gap', async () => {
    const { world, streams } = open('stream');
    const gaps: Gap[] = [];
    world.holdline.channel('a').on('gap', (gap) => gaps.push(gap));
    const room = world.reader('a');
    await world.settle();
    streams.lose('a', 'slow_consumer', 7);
    world.publish('a', 'after');
    await world.settle();
    expect(gaps).toMatchObject([{ channel: 'a', reason: 'slow_consumer', count: 7 }]);
    expect(room.data).toEqual(['after']);
    world.holdline.close();
  });

  test('P7 a revoked credential ends it and closes the client with the reason', async () => {
    const { world, streams } = open('stream');
    world.reader('a');
    await world.settle();
    streams.end('revoked', 401);
    await world.settle();
    expect(world.holdline.state).toMatchObject({ state: 'closed', reason: { code: 'revoked' } });
    expect(world.clock.pending).toEqual([]);
  });

  test('the end of its token gets another, and it goes on at its cursor', async () => {
    let made = 0;
    const { world, streams } = open('stream', { authorize: async () => `t${++made}` });
    world.server.tokens = new Set(['t1']);
    const room = world.reader('a');
    await world.clock.advance(60_000);
    world.server.tokens = new Set(['t2']);
    streams.end('token_expired', 401);
    world.publish('a', 1);
    await world.settle();
    expect([room.data, made, streams.count]).toEqual([[1], 2, 1]);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    world.holdline.close();
  });

  test('a server that drains is waited out, and asked by a stream again', async () => {
    const { world, streams, changes } = open('stream');
    const room = world.reader('a');
    await world.settle();
    streams.end('draining', 503);
    await world.settle();
    expect(world.holdline.state).toMatchObject({ state: 'waiting', reason: { code: 'draining' } });
    world.publish('a', 1);
    await world.clock.advance(1_000);
    expect([room.data, streams.count, changes.length]).toEqual([[1], 1, 1]);
    world.holdline.close();
  });

  test('subscribing opens a new one with all channels at the same cursor, once for a tick', async () => {
    const { world, streams } = open('stream');
    const a = world.reader('a');
    await world.settle();
    const b = world.reader('b');
    const c = world.reader('c');
    await world.settle();
    world.publish('a', 1);
    world.publish('b', 2);
    world.publish('c', 3);
    await world.settle();
    expect([a.data, b.data, c.data]).toEqual([[1], [2], [3]]);
    expect([streams.opened, streams.count]).toEqual([2, 1]);
    expect(asked(world)[1]).toMatch(/^\/v1\/messages\?channel=a&channel=b&channel=c&cursor=/);
    world.holdline.close();
  });

  test('the inbox comes with it', async () => {
    const { world } = open('stream');
    const inbox: unknown[] = [];
    world.holdline.inbox.subscribe(({ data }) => void inbox.push(data));
    world.reader('a');
    await world.settle();
    expect(asked(world)[0]).toMatch(/\?inbox=true&channel=a&cursor=/);
    world.holdline.close();
  });
});

describe('a path that streams do not get through', () => {
  test('P4 one that gathers bytes: held requests at the same cursor within seconds, by itself', async () => {
    const { world, streams, changes } = open('stream');
    streams.isBuffered = true;
    const room = world.reader('a');
    await world.settle();
    world.publish('a', 1);
    await world.clock.advance(4_000);
    expect(room.data).toEqual([1]);
    expect(changes).toEqual([{ transport: 'hold', reason: 'buffered' }]);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    expect(world.server.held).toHaveLength(1);
    // And stays there: a path does not change while one looks.
    await world.clock.advance(590_000);
    world.publish('a', 2);
    await world.settle();
    expect([room.data, streams.opened]).toEqual([[1, 2], 1]);
    world.holdline.close();
  });

  test('much later a stream is tried beside the held request, and takes over if it gets through', async () => {
    const { world, streams, changes } = open('stream');
    streams.isBuffered = true;
    const room = world.reader('a');
    await world.clock.advance(5_000);
    await world.clock.advance(660_000);
    world.publish('a', 1);
    await world.settle();
    expect([room.data, streams.opened, world.server.held.length]).toEqual([[1], 2, 1]);
    streams.isBuffered = false;
    await world.clock.advance(660_000);
    expect([streams.opened, streams.count, world.server.held.length]).toEqual([3, 1, 0]);
    world.publish('a', 2);
    await world.settle();
    expect(room.data).toEqual([1, 2]);
    expect(changes.map(({ transport }) => transport)).toEqual(['hold', 'stream']);
    world.holdline.close();
  });

  test('P4 one on which heartbeats stay out: held requests, and what was swallowed comes', async () => {
    const { world, streams, changes } = open('stream');
    const room = world.reader('a');
    await world.clock.advance(60_000);
    streams.swallow();
    world.publish('a', 1);
    await world.clock.advance(25_000);
    expect(room.data).toEqual([1]);
    expect(changes.at(-1)).toEqual({ transport: 'hold', reason: 'silent' });
    expect(world.server.held).toHaveLength(1);
    world.holdline.close();
  });

  test('one that cuts them as they begin: held requests after the third', async () => {
    const { world, streams, changes } = open('stream');
    const room = world.reader('a');
    await world.settle();
    for (let n = 0; n < 3; n++) {
      streams.cut();
      await world.clock.advance(1_000);
    }
    world.publish('a', 1);
    await world.settle();
    expect([room.data, streams.opened, streams.count]).toEqual([[1], 3, 0]);
    expect(changes.at(-1)).toEqual({ transport: 'hold', reason: 'cut' });
    world.holdline.close();
  });

  test('one that answers with a page of its own: held requests', async () => {
    const { world, changes } = open('stream');
    world.server.fault = ({ path }) =>
      path.startsWith('/v1/messages') ? { kind: 'raw', status: 200, text: '<html>' } : null;
    const room = world.reader('a');
    await world.settle();
    world.publish('a', 1);
    await world.settle();
    expect(room.data).toEqual([1]);
    expect(changes).toEqual([{ transport: 'hold', reason: 'refused' }]);
    world.holdline.close();
  });

  test('more channels than a stream’s URL takes: one held request, and no try', async () => {
    const { world, changes } = open('stream');
    for (let n = 0; n <= 200; n++) world.reader(`c${n}`);
    await world.settle();
    expect([asked(world), world.server.held.length]).toEqual([[], 1]);
    expect(changes).toEqual([{ transport: 'hold', reason: 'unfit' }]);
    world.holdline.close();
  });
});

describe('auto', () => {
  test('P3 held from the first moment; a stream takes over once it has shown that it gets through', async () => {
    const { world, streams, changes } = open('auto');
    const room = world.reader('a');
    world.publish('a', 'before');
    await world.settle();
    world.publish('a', 1);
    await world.settle();
    world.publish('a', 2);
    await world.settle();
    expect(room.data).toEqual([1, 2]);
    expect([streams.count, world.server.held.length]).toEqual([1, 0]);
    expect(changes).toEqual([{ transport: 'stream', reason: 'works' }]);
    world.holdline.close();
  });

  test('no message waits for the try where it fails', async () => {
    const { world, streams, changes } = open('auto');
    streams.isBuffered = true;
    const room = world.reader('a');
    await world.settle();
    world.publish('a', 1);
    await world.settle();
    expect(room.data).toEqual([1]);
    await world.clock.advance(5_000);
    expect(changes).toEqual([{ transport: 'hold', reason: 'buffered' }]);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    world.holdline.close();
    await world.settle();
    expect(world.clock.pending).toEqual([]);
  });
});

test('a transport that does not exist is refused in words', () => {
  expect(() => open('carrier pigeon' as TransportMode)).toThrow(/'hold', 'stream' or 'auto'/);
});
