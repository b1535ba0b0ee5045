import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { World } from './testing/world.js';

/** The few things of a browser's page that the SDK listens to. */
const page = globalThis as {
  document?: unknown;
  addEventListener?: unknown;
  removeEventListener?: unknown;
};
let window: EventTarget;
let document: EventTarget & { visibilityState: string };

beforeEach(() => {
  window = new EventTarget();
  document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  page.document = document;
  page.addEventListener = window.addEventListener.bind(window);
  page.removeEventListener = window.removeEventListener.bind(window);
});

afterEach(() => {
  delete page.document;
  delete page.addEventListener;
  delete page.removeEventListener;
});

describe('a page that comes back', () => {
  test('P4 after a sleep the dead request is asked again at once, with the same cursor', async () => {
    const world = new World();
    const room = world.reader('room:1');
    await world.settle();
    world.server.fault = () => ({ kind: 'silence' });
    await world.clock.advance(55_000);
    world.server.fault = () => null;
    world.publish('room:1', 'in the night');
    world.clock.sleep(3_600_000);
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    await world.settle();
    expect(room.data).toEqual([]);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    await world.settle();
    expect(room.data).toEqual(['in the night']);
    world.holdline.close();
  });

  test('a hold that is not overdue is left alone', async () => {
    const world = new World();
    world.reader('room:1');
    await world.settle();
    const before = world.server.polls.length;
    window.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
    await world.settle();
    expect(world.server.polls).toHaveLength(before);
    world.holdline.close();
  });

  test('when the network is back nobody waits for the backoff, but a server’s Retry-After is kept', async () => {
    const world = new World();
    world.reader('room:1');
    world.server.fault = () => ({ kind: 'unreachable' });
    await world.clock.advance(20_000);
    world.server.fault = () => ({ kind: 'problem', code: 'unavailable', retryAfter: '60' });
    window.dispatchEvent(new Event('online'));
    await world.settle();
    expect(world.holdline.state).toMatchObject({ state: 'waiting', retryInMs: 60_250 });
    const before = world.server.polls.length;
    window.dispatchEvent(new Event('online'));
    await world.settle();
    expect(world.server.polls).toHaveLength(before);
    world.holdline.close();
  });

  test('close stops listening to the page', async () => {
    const world = new World();
    world.reader('room:1');
    await world.settle();
    world.holdline.close();
    const before = world.server.seen.length;
    world.clock.sleep(3_600_000);
    window.dispatchEvent(new Event('pageshow'));
    await world.settle();
    expect(world.server.seen).toHaveLength(before);
  });
});
