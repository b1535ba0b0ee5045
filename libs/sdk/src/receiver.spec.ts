import { describe, expect, test } from '@jest/globals';
import { World } from './testing/world.js';

describe('one held request for the page', () => {
  test('all channels of a page share one POST /v1/poll, pinned by a prompt one and then held', async () => {
    const world = new World();
    world.reader('a');
    world.reader('b');
    await world.settle();
    expect(world.server.polls).toEqual([
      { subscriptions: [{ channels: ['a', 'b'] }], wait: 0 },
      { subscriptions: [{ channels: ['a', 'b'] }], wait: 55, cursor: expect.any(String) },
    ]);
    expect(world.server.held).toHaveLength(1);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    world.holdline.close();
  });

  test('P2 P3 messages come once and in order, over many answers', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 1);
    await world.settle();
    world.publish('room:1', 2, 3);
    world.publish('elsewhere', 'x');
    await world.settle();
    world.publish('room:1', 4);
    await world.settle();
    expect(room.data).toEqual([1, 2, 3, 4]);
    world.holdline.close();
  });

  test('a hold that ends without messages is asked again at once', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    await world.clock.advance(55_000);
    expect(world.server.held).toHaveLength(1);
    expect(world.server.polls).toHaveLength(3);
    world.publish('room:1', 'later');
    await world.settle();
    expect(room.data).toEqual(['later']);
    expect(world.stateNames).toEqual(['connecting', 'live']);
    world.holdline.close();
  });

  test('P4 a channel’s beginning does not move when the answer to the first held request is lost', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({ kind: 'answer-lost' });
    world.publish('room:1', 1);
    await world.settle();
    world.server.fault = () => null;
    world.publish('room:1', 2);
    await world.clock.advance(30_000);
    expect(room.data).toEqual([1, 2]);
    world.holdline.close();
  });

  test('subscribing aborts the held request and asks again at once, with the same cursor, once for a tick', async () => {
    const world = new World();
    const a = world.reader('a');
    await world.settle();
    const before = world.server.polls.at(-1)?.cursor;
    const b = world.reader('b');
    const c = world.reader('c');
    await world.settle();
    const polls = world.server.polls.slice(2);
    expect(polls[0]).toEqual({
      subscriptions: [{ channels: ['a', 'b', 'c'] }],
      wait: 0,
      cursor: before,
    });
    expect(polls).toHaveLength(2);
    expect(world.server.held).toHaveLength(1);
    world.publish('a', 1);
    world.publish('c', 3);
    world.publish('b', 2);
    await world.settle();
    expect([a.data, b.data, c.data]).toEqual([[1], [2], [3]]);
    world.holdline.close();
  });

  test('unsubscribing drops the channel from the request; the last one ends it', async () => {
    const world = new World();
    const a = world.reader('a');
    const b = world.reader('b');
    await world.settle();
    a.stop();
    await world.settle();
    expect(world.server.held.map((poll) => poll.subscriptions)).toEqual([[{ channels: ['b'] }]]);
    b.stop();
    await world.settle();
    expect(world.server.held).toHaveLength(0);
    expect(world.holdline.state).toEqual({ state: 'idle' });
    world.publish('b', 'unheard');
    const again = world.reader('b');
    await world.settle();
    world.publish('b', 'heard');
    await world.settle();
    expect([b.data, again.data]).toEqual([[], ['heard']]);
    world.holdline.close();
  });

  test('ready resolves once nothing published from then on can be missed', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.holdline.channel('room:1').ready();
    world.publish('room:1', 1);
    await world.settle();
    expect(room.data).toEqual([1]);
    await expect(world.holdline.channel('other').ready()).rejects.toMatchObject({
      code: 'invalid_use',
    });
    world.holdline.close();
  });

  test('a held request that is silent for longer than its hold is given up and asked again', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.server.fault = ({ body }) =>
      (body as { wait: number }).wait > 0 ? { kind: 'silence' } : null;
    await world.clock.advance(55_000);
    world.publish('room:1', 'while the line was dead');
    await world.clock.advance(64_999);
    expect(room.data).toEqual([]);
    await world.clock.advance(2_000);
    expect(room.data).toEqual(['while the line was dead']);
    world.holdline.close();
  });

  test('an answer that does not hold does not become a busy loop', async () => {
    const world = new World();
    world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({
      kind: 'raw',
      status: 200,
      text: JSON.stringify({
        messages: [],
        cursor: '{"epoch":"e1","places":{}}',
        timedOut: true,
        channels: {},
      }),
    });
    await world.clock.advance(55_000);
    const before = world.server.polls.length;
    await world.clock.advance(60_000);
    expect(world.server.polls.length - before).toBeLessThan(15);
    world.holdline.close();
  });

  test('close aborts the held request, calls no handler any more and leaves no timer', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.holdline.close();
    world.publish('room:1', 1);
    await world.settle();
    expect(room.data).toEqual([]);
    expect(world.server.held).toHaveLength(0);
    expect(world.clock.pending).toEqual([]);
    expect(world.states.at(-1)).toEqual({ state: 'closed', reason: null });
    expect(() => world.reader('room:1')).toThrow(expect.objectContaining({ code: 'closed' }));
  });
});

describe('handlers', () => {
  test('P4 the cursor goes on only after the handlers ran, and a handler’s promise is waited for', async () => {
    const world = new World();
    let finish = (): void => undefined;
    const seen: unknown[] = [];
    world.holdline.channel('room:1').subscribe((message) => {
      seen.push(message.data);
      return new Promise<void>((resolve) => (finish = resolve));
    });
    await world.settle();
    const before = world.holdline.cursor;
    world.publish('room:1', 1, 2);
    await world.settle();
    expect(seen).toEqual([1]);
    expect(world.holdline.cursor).toBe(before);
    finish();
    await world.settle();
    finish();
    await world.settle();
    expect(seen).toEqual([1, 2]);
    expect(world.holdline.cursor).not.toBe(before);
    world.holdline.close();
  });

  test('a handler that throws is reported and stops nothing', async () => {
    const world = new World();
    const fault = new Error('in the handler');
    const seen: unknown[] = [];
    world.holdline.channel('room:1').subscribe(() => {
      throw fault;
    });
    world.holdline.channel('room:1').subscribe((message) => void seen.push(message.data));
    await world.settle();
    world.publish('room:1', 1);
    await world.settle();
    world.publish('room:1', 2);
    await world.settle();
    expect(seen).toEqual([1, 2]);
    expect(world.errors).toEqual([fault, fault]);
    world.holdline.close();
  });

  test('P4 a client made with an earlier cursor goes on where that one was', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 1);
    await world.settle();
    const cursor = world.holdline.cursor as string;
    world.holdline.close();
    world.publish('room:1', 2, 3);
    const next = new World({ cursor, fetch: world.server.fetch });
    const later = next.reader('room:1', 'start');
    await next.settle();
    expect([room.data, later.data]).toEqual([[1], [2, 3]]);
    next.holdline.close();
  });
});
