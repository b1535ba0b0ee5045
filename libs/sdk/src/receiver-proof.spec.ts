import { describe, expect, test } from '@jest/globals';
import { World } from './testing/world.js';
import type { Gap } from './types.js';

const gapsOf = (world: World, channel: string): Gap[] => {
  const gaps: Gap[] = [];
  world.holdline.channel(channel).on('gap', (gap) => gaps.push(gap));
  return gaps;
};

describe('proof that nothing is missing', () => {
  test('P4 what the server lost is told as a gap, and reading goes on', async () => {
    const world = new World();
    const gaps = gapsOf(world, 'room:1');
    const room = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 1);
    await world.settle();
    world.server.fault = () => ({ kind: 'unreachable' });
    await world.clock.advance(55_000);
    world.publish('room:1', 2, 3, 4);
    world.server.keep('room:1', 1);
    world.server.fault = () => null;
    await world.clock.advance(30_000);
    expect(room.data).toEqual([1, 4]);
    expect(gaps).toEqual([{ channel: 'room:1', reason: 'retention', after: 1 }]);
    world.holdline.close();
  });

  test('P4 a log that changed is told as a gap, and its smaller positions are not taken for old ones', async () => {
    const world = new World();
    const gaps = gapsOf(world, 'room:1');
    const room = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 'a', 'b', 'c');
    await world.settle();
    world.server.restore();
    world.publish('room:1', 'd');
    await world.settle();
    expect(room.data).toEqual(['a', 'b', 'c', 'd']);
    expect(gaps).toEqual([{ channel: 'room:1', reason: 'epoch', after: 3 }]);
    world.holdline.close();
  });

  test('P3 what a faulty server sends twice is handed on once', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({
      kind: 'bent',
      bend: (answer) => ({ ...answer, messages: [...answer.messages, ...answer.messages] }),
    });
    world.holdline.channel('x').subscribe(() => undefined);
    await world.settle();
    world.publish('room:1', 1, 2);
    await world.settle();
    world.publish('room:1', 3);
    await world.settle();
    expect(room.data).toEqual([1, 2, 3]);
    world.holdline.close();
  });

  test('P4 a break of the chain that nobody explains is asked for again, from the last good cursor', async () => {
    const world = new World();
    const gaps = gapsOf(world, 'room:1');
    const room = world.reader('room:1');
    await world.settle();
    let bent = 0;
    world.server.fault = () =>
      bent++ === 0
        ? { kind: 'bent', bend: (answer) => ({ ...answer, messages: answer.messages.slice(1) }) }
        : null;
    const held = world.server.polls.at(-1)?.cursor;
    await world.clock.advance(55_000);
    world.publish('room:1', 1, 2, 3);
    await world.settle();
    expect(room.data).toEqual([1, 2, 3]);
    expect(gaps).toEqual([]);
    expect(world.server.polls.filter(({ cursor }) => cursor === held).length).toBeGreaterThan(1);
    world.holdline.close();
  });

  test('P4 a break that stays is told as a gap: never silent, never for ever', async () => {
    const world = new World();
    const gaps = gapsOf(world, 'room:1');
    const room = world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({
      kind: 'bent',
      bend: (answer) => ({
        ...answer,
        messages: answer.messages.filter(({ data }) => data !== 'hidden'),
      }),
    });
    await world.clock.advance(55_000);
    world.publish('room:1', 'hidden', 'seen');
    await world.settle();
    world.publish('room:1', 'next');
    await world.settle();
    expect(room.data).toEqual(['seen', 'next']);
    expect(gaps).toEqual([{ channel: 'room:1', reason: 'chain', after: 0 }]);
    world.holdline.close();
  });

  test('P4 a cursor the server refuses is reported, told as a gap, and reading goes on from now', async () => {
    const world = new World();
    const gaps = gapsOf(world, 'room:1');
    const room = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 1);
    await world.settle();
    let refused = 0;
    world.server.fault = () =>
      refused++ === 0 ? { kind: 'problem', code: 'invalid_cursor' } : null;
    await world.clock.advance(55_000);
    world.publish('room:1', 2);
    await world.settle();
    expect(room.data).toEqual([1, 2]);
    expect(world.errors).toMatchObject([{ code: 'invalid_cursor' }]);
    expect(gaps).toEqual([{ channel: 'room:1', reason: 'cursor', after: 1 }]);
    world.holdline.close();
  });
});
