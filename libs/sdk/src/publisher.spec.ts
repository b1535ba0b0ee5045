import { describe, expect, test } from '@jest/globals';
import type { HoldlineError } from './errors.js';
import type { Fault } from './testing/fake-holdline.js';
import { settle } from './testing/manual-clock.js';
import { World } from './testing/world.js';

const stored = (world: World, channel = 'room:1'): unknown[] =>
  world.server.log(channel).map(({ data }) => data);

describe('publish', () => {
  test('P1 resolves with the stored message’s id and position', async () => {
    const world = new World();
    const published = await world.holdline.channel('room:1').publish({ x: 1 }, { id: 'mine' });
    expect(published).toEqual({ id: 'mine', position: 1, timestamp: expect.any(String) });
    expect(world.server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/channels/room%3A1/messages',
      token: 'key',
      body: { data: { x: 1 }, id: 'mine' },
    });
  });

  test.each<[string, Fault]>([
    ['the request is lost', { kind: 'unreachable' }],
    ['the answer is lost', { kind: 'answer-lost' }],
    ['the server is draining', { kind: 'problem', code: 'draining' }],
    ['there are too many at once', { kind: 'problem', code: 'rate_limited', retryAfter: '3' }],
    ['a proxy has a bad gateway', { kind: 'raw', status: 502, text: '<html>' }],
    ['nobody answers', { kind: 'silence' }],
  ])('P1 P3 stores once when %s, by trying again with the same id', async (_what, fault) => {
    const world = new World();
    const faults = [fault, fault];
    world.server.fault = () => faults.shift() ?? null;
    const publishing = world.holdline.channel('room:1').publish('once');
    await world.clock.advance(50_000);
    await publishing;
    expect(stored(world)).toEqual(['once']);
    expect(world.server.seen).toHaveLength(3);
    expect(new Set(world.server.seen.map(({ body }) => (body as { id: string }).id)).size).toBe(1);
  });

  test('P1 gives up after its bound, says why, and names the ids to try again with', async () => {
    const world = new World({ retryFor: 10 });
    world.server.fault = () => ({ kind: 'answer-lost' });
    const outcome = world.holdline
      .channel('room:1')
      .publish(1)
      .catch((error: unknown) => error);
    await world.clock.advance(10_000);
    const error = (await outcome) as HoldlineError;
    expect(error).toMatchObject({ code: 'network', status: 0, retryable: true });
    const [id] = error.ids as string[];
    world.server.fault = () => null;
    expect(await world.holdline.channel('room:1').publish(1, { id: id as string })).toMatchObject({
      duplicate: true,
    });
    expect(stored(world)).toEqual([1]);
  });

  test('P8 a refusal that cannot change is not tried again and says which limit', async () => {
    const world = new World();
    const limit = {
      name: 'messages',
      scope: 'app',
      max: 10,
      used: 10,
      resetAt: '2026-02-01T00:00:00Z',
    };
    world.server.fault = () => ({ kind: 'problem', code: 'quota_exceeded', extras: { limit } });
    await expect(world.holdline.channel('room:1').publish(1)).rejects.toMatchObject({
      code: 'quota_exceeded',
      status: 402,
      requestId: 'r1',
      limit,
    });
    expect(world.server.seen).toHaveLength(1);
  });

  test('P2 calls on one channel are stored in the order they were made, however many fail', async () => {
    const world = new World();
    let asked = 0;
    world.server.fault = () => (asked++ % 3 === 1 ? { kind: 'answer-lost' } : null);
    const room = world.holdline.channel('room:1');
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i++) {
      all.push(room.publish(i));
      if (i % 7 === 0) await world.clock.advance(100);
    }
    await world.clock.advance(60_000);
    await Promise.all(all);
    expect(stored(world)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(world.server.seen.length).toBeLessThan(25);
  });

  test('one bad message refuses itself alone, though it was sent with others', async () => {
    const world = new World();
    const room = world.holdline.channel('room:1');
    const outcomes = await Promise.allSettled([
      room.publish(1),
      room.publish('invalid'),
      room.publish(3),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(stored(world)).toEqual([1, 3]);
  });

  test('publishAll is one array of its own: all or nothing', async () => {
    const world = new World();
    const room = world.holdline.channel('room:1');
    const [, all, refused] = await Promise.allSettled([
      room.publish(0),
      room.publishAll([{ data: 1 }, { data: 2, name: 'two' }]),
      room.publishAll([{ data: 3 }, { data: 'invalid' }]),
    ]);
    expect(all).toMatchObject({ value: [{ position: 2 }, { position: 3 }] });
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'invalid_message' } });
    expect(stored(world)).toEqual([0, 1, 2]);
    expect(await room.publishAll([])).toEqual([]);
  });

  test('a publish on a condition is sent with nothing else', async () => {
    const world = new World();
    const room = world.holdline.channel('room:1');
    await Promise.all([room.publish(1), room.publish(2, { ifPosition: 1 }), room.publish(3)]);
    expect(world.server.seen.map(({ body }) => Array.isArray(body))).toEqual([false, false, false]);
    expect(stored(world)).toEqual([1, 2, 3]);
  });

  test('close rejects what is not acknowledged, with the ids, and leaves no timer', async () => {
    const world = new World();
    world.server.fault = () => ({ kind: 'silence' });
    const outcome = world.holdline
      .channel('room:1')
      .publish(1)
      .catch((error: unknown) => error);
    await settle();
    world.holdline.close();
    expect(await outcome).toMatchObject({ code: 'closed', ids: [expect.any(String)] });
    await settle();
    expect(world.clock.pending).toEqual([]);
    await expect(world.holdline.channel('room:1').publish(2)).rejects.toMatchObject({
      code: 'closed',
    });
  });
});

describe('history', () => {
  const read = async (world: World, options = {}): Promise<unknown[]> => {
    const data: unknown[] = [];
    for await (const message of world.holdline.channel('room:1').history(options))
      data.push(message.data);
    return data;
  };

  test('P4 pages through everything that is kept, in either order, within its bounds', async () => {
    const world = new World();
    const all = Array.from({ length: 230 }, (_, i) => i);
    world.publish('room:1', ...all);
    expect(await read(world, { order: 'oldest' })).toEqual(all);
    expect(await read(world)).toEqual([...all].reverse());
    expect(await read(world, { limit: 3 })).toEqual([229, 228, 227]);
    expect(await read(world, { order: 'oldest', after: 10, before: 14 })).toEqual([10, 11, 12]);
    expect(await read(world, { limit: 0 })).toEqual([]);
  });

  test('asks no more than is read', async () => {
    const world = new World();
    world.publish('room:1', ...Array.from({ length: 500 }, (_, i) => i));
    for await (const message of world.holdline.channel('room:1').history()) {
      if (message.data === 450) break;
    }
    expect(world.server.seen).toHaveLength(1);
  });
});
