import { describe, expect, test } from '@jest/globals';
import type { HoldlineError } from './errors.js';
import { World } from './testing/world.js';

describe('when asking fails', () => {
  test('a lost line is told as waiting, and tried again with growing, jittered delays', async () => {
    const world = new World();
    world.reader('room:1');
    world.server.fault = () => ({ kind: 'unreachable' });
    await world.clock.advance(250 + 500 + 1000 + 2000);
    const delays = world.states.flatMap((state) =>
      state.state === 'waiting' ? [state.retryInMs] : [],
    );
    expect(delays).toEqual([250, 500, 1000, 2000, 4000]);
    expect(world.states.find(({ state }) => state === 'waiting')).toMatchObject({
      reason: { code: 'network' },
    });
    world.server.fault = () => null;
    await world.clock.advance(4000);
    expect(world.holdline.state).toEqual({ state: 'live' });
    world.holdline.close();
  });

  test('Retry-After is the least that is waited', async () => {
    const world = new World();
    world.reader('room:1');
    world.server.fault = () => ({ kind: 'problem', code: 'unavailable', retryAfter: '7' });
    await world.settle();
    expect(world.holdline.state).toMatchObject({ state: 'waiting', retryInMs: 7250 });
    world.holdline.close();
  });

  test('an expired token is renewed once and reading goes on with the same cursor', async () => {
    let made = 0;
    const world = new World({ authorize: async () => `t${++made}` });
    world.server.tokens = new Set(['t1']);
    const room = world.reader('room:1');
    await world.settle();
    const cursor = world.server.polls.at(-1)?.cursor;
    world.server.tokens = new Set(['t2']);
    await world.clock.advance(55_000);
    world.publish('room:1', 1);
    await world.settle();
    expect(room.data).toEqual([1]);
    expect(made).toBe(2);
    expect(world.server.seen.find(({ token }) => token === 't2')?.body).toMatchObject({ cursor });
    world.holdline.close();
  });

  test('P7 a fresh token that is refused as well closes the client instead of asking on', async () => {
    let made = 0;
    const world = new World({ authorize: async () => `t${++made}` });
    world.server.tokens = new Set();
    world.reader('room:1');
    await world.clock.advance(600_000);
    expect(made).toBe(2);
    expect(world.holdline.state).toMatchObject({
      state: 'closed',
      reason: { code: 'token_expired' },
    });
  });

  test('P7 a revoked credential closes the client with the reason', async () => {
    const world = new World();
    world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({ kind: 'problem', code: 'revoked' });
    await world.clock.advance(600_000);
    expect(world.holdline.state).toMatchObject({
      state: 'closed',
      reason: { code: 'revoked', status: 401 },
    });
    expect(world.errors).toMatchObject([{ code: 'revoked' }]);
    expect(world.clock.pending).toEqual([]);
  });

  test('a forbidden channel is reported with its capability, and the others go on', async () => {
    const world = new World();
    const refusals: HoldlineError[] = [];
    world.holdline.channel('secret').on('error', (error) => refusals.push(error));
    const open = world.reader('open');
    world.reader('secret');
    const capability = { operation: 'subscribe', channel: 'secret' };
    world.server.fault = ({ body }) =>
      JSON.stringify(body).includes('secret')
        ? { kind: 'problem', code: 'forbidden', extras: { capability } }
        : null;
    await expect(world.holdline.channel('secret').ready()).rejects.toMatchObject({
      code: 'forbidden',
    });
    await world.settle();
    world.publish('open', 1);
    await world.settle();
    expect(open.data).toEqual([1]);
    expect(refusals).toMatchObject([{ code: 'forbidden', capability }]);
    world.holdline.close();
  });

  test('a page that is not Holdline’s is waited out, not taken for an answer', async () => {
    const world = new World();
    const room = world.reader('room:1');
    world.server.fault = () => ({
      kind: 'raw',
      status: 200,
      text: '<html>Sign in to the hotel</html>',
    });
    await world.settle();
    expect(world.holdline.state).toMatchObject({
      state: 'waiting',
      reason: { code: 'bad_answer' },
    });
    world.server.fault = () => null;
    await world.clock.advance(1_000);
    world.publish('room:1', 1);
    await world.settle();
    expect(room.data).toEqual([1]);
    world.holdline.close();
  });
});
