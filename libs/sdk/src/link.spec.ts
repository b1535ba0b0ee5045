import { describe, expect, test } from '@jest/globals';
import type { Fault } from './testing/fake-holdline.js';
import { World } from './testing/world.js';

const json = (value: unknown, status = 200): Fault => ({
  kind: 'raw',
  status,
  text: JSON.stringify(value),
});

/** What the other end sent, as the URL of an end hands it out. */
function answer(from: number, ...data: unknown[]): Fault {
  const messages = data.map((one, i) => ({
    channel: 'link:order 42:a',
    id: `m${from + i + 1}`,
    position: from + i + 1,
    previous: from + i,
    timestamp: '2026-01-01T00:00:00.000Z',
    data: one,
  }));
  const to = from + data.length;
  const channels = { 'link:order 42:a': { epoch: 'e1', from, to, lost: null } };
  return json({ messages, cursor: `c${to}`, timedOut: data.length === 0, channels });
}

describe('a link', () => {
  test('is made and removed by its name', async () => {
    const world = new World();
    const link = world.holdline.link('order 42');
    world.server.fault = () => json({ link: 'order 42' }, 201);
    await link.create({ b: { clientId: 'bob' } });
    world.server.fault = () => ({ kind: 'problem', code: 'not_found' });
    await expect(link.remove()).rejects.toMatchObject({ code: 'not_found' });
    expect(world.server.seen).toMatchObject([
      { method: 'PUT', path: '/v1/links/order%2042', body: { b: { clientId: 'bob' } } },
      { method: 'DELETE', path: '/v1/links/order%2042' },
    ]);
  });

  test('P1 what one end sends is tried again with the same id', async () => {
    const world = new World();
    const faults: Fault[] = [{ kind: 'answer-lost' }];
    world.server.fault = () => faults.shift() ?? json({ id: 'i', position: 1 }, 202);
    const sending = world.holdline.link('l').end('a').send('hello', { name: 'hi' });
    await world.clock.advance(5_000);
    expect(await sending).toEqual({ id: 'i', position: 1 });
    const [first, second] = world.server.seen;
    expect(first).toMatchObject({ path: '/v1/links/l/a/messages', body: { data: 'hello' } });
    expect(second?.body).toEqual(first?.body);
  });

  test('P3 P4 the other end reads it once, by a held request of its own, with the same proof', async () => {
    const world = new World();
    const queue: Fault[] = [
      answer(0),
      answer(0, 'one', 'two'),
      answer(3, 'four'),
      answer(2, 'three', 'four'),
    ];
    world.server.fault = () => queue.shift() ?? { kind: 'silence' };
    const end = world.holdline.link('order 42').end('b');
    const seen: unknown[] = [];
    const stop = end.subscribe(({ data, channel }) => void seen.push([data, channel]));
    await end.ready();
    await world.settle();
    const name = 'link:order 42:b';
    expect(seen).toEqual(['one', 'two', 'three', 'four'].map((data) => [data, name]));
    expect(world.server.seen.map(({ path }) => path)).toEqual([
      '/v1/links/order%2042/b/messages?wait=0',
      '/v1/links/order%2042/b/messages?wait=55&cursor=c0',
      '/v1/links/order%2042/b/messages?wait=55&cursor=c2',
      // The third message was missing: asked again.
      '/v1/links/order%2042/b/messages?wait=0&cursor=c2',
      '/v1/links/order%2042/b/messages?wait=55&cursor=c4',
    ]);
    stop();
    await world.settle();
    expect([world.holdline.state, world.clock.pending]).toEqual([{ state: 'idle' }, []]);
  });

  test('a link that is not there ends its reader with the reason, and nobody else', async () => {
    const world = new World();
    const room = world.reader('room');
    const errors: unknown[] = [];
    world.server.fault = ({ path }) =>
      path.startsWith('/v1/links/') ? { kind: 'problem', code: 'not_found' } : null;
    const end = world.holdline.link('gone').end('a');
    end.on('error', (error) => errors.push(error));
    end.subscribe(() => undefined);
    await expect(end.ready()).rejects.toMatchObject({ code: 'not_found' });
    await world.settle();
    world.publish('room', 1);
    await world.settle();
    expect([room.data, errors.length]).toEqual([[1], 1]);
    expect(world.holdline.state).toEqual({ state: 'live' });
    world.holdline.close();
  });

  test('P7 a revoked credential at an end closes the client', async () => {
    const world = new World();
    world.reader('room');
    await world.settle();
    world.server.fault = () => ({ kind: 'problem', code: 'revoked' });
    world.holdline
      .link('l')
      .end('a')
      .subscribe(() => undefined);
    await world.settle();
    expect(world.holdline.state).toMatchObject({ state: 'closed', reason: { code: 'revoked' } });
    expect(() => world.reader('other')).toThrow(/closed/);
    expect(world.clock.pending).toEqual([]);
  });
});
