import { describe, expect, test } from '@jest/globals';
import { World } from './testing/world.js';
import type { Gap, SubscribeOptions } from './types.js';

/** Subscribes with a view and writes down what comes. */
function viewer(world: World, options: SubscribeOptions, channel = 'room'): unknown[] {
  const data: unknown[] = [];
  world.holdline.channel(channel).subscribe((message) => void data.push(message.data), options);
  return data;
}

const chat = { filter: { names: ['chat'] } };

describe('filters, conflation, windows', () => {
  test('go to the server in a request of their own; subscriptions without them are left alone', async () => {
    const world = new World();
    const all = viewer(world, {});
    const some = viewer(world, chat);
    viewer(world, { ...chat, conflate: 'user', window: 250 });
    await world.settle();
    expect(world.server.held).toMatchObject([
      { subscriptions: [{ channels: ['room'] }] },
      { ...chat, wait: 55 },
      { ...chat, conflate: 'user', window: 250 },
    ]);
    world.server.publish('room', 1, 'a', { name: 'typing' });
    world.server.publish('room', 2, 'b', { name: 'chat' });
    await world.settle();
    expect([all, some]).toEqual([[1, 2], [2]]);
    world.holdline.close();
  });

  test('P4 what the filter leaves out is no gap; what retention took is', async () => {
    const world = new World();
    const gaps: Gap[] = [];
    world.holdline.channel('room').on('gap', (gap) => gaps.push(gap));
    const some = viewer(world, chat);
    await world.settle();
    for (let n = 0; n < 3; n++) {
      world.server.publish('room', 'x', undefined, { name: 'typing' });
      world.server.publish('room', n, undefined, { name: 'chat' });
      await world.settle();
    }
    expect([some, gaps]).toEqual([[0, 1, 2], []]);
    world.server.fault = () => ({ kind: 'unreachable' });
    await world.clock.advance(120_000);
    world.publish('room', 'a', 'b');
    world.server.keep('room', 1);
    world.server.fault = () => null;
    await world.clock.advance(60_000);
    expect(gaps).toMatchObject([{ channel: 'room', reason: 'retention' }]);
    world.holdline.close();
  });

  test('P4 an answer that begins later than the last one ended is asked for again, and told', async () => {
    const world = new World();
    const gaps: Gap[] = [];
    world.holdline.channel('room').on('gap', (gap) => gaps.push(gap));
    viewer(world, chat);
    await world.settle();
    world.server.fault = ({ body }) =>
      (body as object | null) && 'filter' in (body as object)
        ? {
            kind: 'bent',
            bend: (answer) => {
              const { room } = answer.channels;
              return { ...answer, messages: [], channels: { room: { ...room, from: room?.to } } };
            },
          }
        : null;
    world.server.publish('room', 1, undefined, { name: 'chat' });
    world.server.publish('room', 2, undefined, { name: 'chat' });
    await world.clock.advance(60_000);
    expect(gaps.map(({ reason }) => reason)).toEqual(['chain']);
    world.holdline.close();
  });

  test('P3 from the beginning on, by the same filter, each once', async () => {
    const world = new World();
    for (let n = 0; n < 1200; n++) {
      world.server.publish('room', n, undefined, { name: n % 3 === 0 ? 'chat' : 'typing' });
    }
    const some = viewer(world, { ...chat, from: 'start' });
    await world.holdline.channel('room').ready();
    world.server.publish('room', 1200, undefined, { name: 'chat' });
    await world.settle();
    expect(some).toEqual(Array.from({ length: 401 }, (_, i) => i * 3));
    world.holdline.close();
  });

  test('share one request where they are the same, and it ends with the last of them', async () => {
    const world = new World();
    const a = world.holdline.channel('a').subscribe(() => undefined, chat);
    const b = world.holdline.channel('b').subscribe(() => undefined, chat);
    await world.settle();
    expect(world.server.held).toMatchObject([{ subscriptions: [{ channels: ['a', 'b'] }] }]);
    a();
    b();
    await world.settle();
    expect(world.server.held).toEqual([]);
    expect(world.holdline.state).toEqual({ state: 'idle' });
    expect(world.clock.pending).toEqual([]);
  });

  test('a filter that the server refuses ends its subscription, with the reason, and nothing else', async () => {
    const world = new World();
    const room = world.reader('other');
    const errors: unknown[] = [];
    world.holdline.channel('room').on('error', (error) => errors.push(error));
    world.server.fault = ({ body }) =>
      (body as object | null) && 'filter' in (body as object)
        ? { kind: 'problem', code: 'invalid_request' }
        : null;
    viewer(world, { filter: { names: ['a*b'] } });
    await expect(world.holdline.channel('room').ready()).rejects.toMatchObject({
      code: 'invalid_request',
    });
    world.publish('other', 1);
    await world.settle();
    expect([room.data, errors.length]).toEqual([[1], 1]);
    world.holdline.close();
  });

  test('are held requests whatever the transport: their proof needs what streams do not say', async () => {
    const world = new World({ transport: 'stream' });
    viewer(world, {});
    viewer(world, chat);
    await world.settle();
    expect([world.server.streams.count, world.server.held.length]).toEqual([1, 1]);
    expect(world.holdline.state).toEqual({ state: 'live' });
    world.holdline.close();
  });
});
