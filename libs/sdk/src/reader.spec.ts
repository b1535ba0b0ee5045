import { describe, expect, test } from '@jest/globals';
import { World } from './testing/world.js';

describe('subscribing with from', () => {
  test.each([
    ['start', [1, 2, 3, 4, 5]],
    ['-2', [4, 5]],
    ['-99', [1, 2, 3, 4, 5]],
    ['now', []],
  ])('P4 from %s begins there and goes on live, once each, in order', async (from, before) => {
    const world = new World();
    world.publish('room:1', 1, 2, 3, 4, 5);
    const room = world.reader('room:1', from);
    await world.holdline.channel('room:1').ready();
    world.publish('room:1', 6);
    await world.settle();
    world.publish('room:1', 7);
    await world.settle();
    expect(room.data).toEqual([...before, 6, 7]);
    world.holdline.close();
  });

  test('P3 P4 what is published between catching up and the held request is neither missed nor doubled', async () => {
    const world = new World();
    world.publish('room:1', 1);
    // One more message just before each request is looked at: every seam between two requests gets one.
    let more = 1;
    world.server.fault = () => {
      if (more < 10) world.publish('room:1', ++more);
      return null;
    };
    const room = world.reader('room:1', 'start');
    await world.settle();
    while (more < 10) {
      world.publish('room:1', ++more);
      await world.settle();
    }
    expect(room.data).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    world.holdline.close();
  });

  test('P3 a second subscriber with from gets what is kept; the first one sees nothing twice', async () => {
    const world = new World();
    const first = world.reader('room:1');
    await world.settle();
    world.publish('room:1', 1, 2);
    await world.settle();
    const second = world.reader('room:1', 'start');
    await world.settle();
    world.publish('room:1', 3);
    await world.settle();
    expect([first.data, second.data]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(world.server.held).toHaveLength(1);
    world.holdline.close();
  });

  test('P4 a channel that left the held request and came back has no false gap', async () => {
    const world = new World();
    const gaps: unknown[] = [];
    world.holdline.channel('b').on('gap', (gap) => gaps.push(gap));
    world.reader('a');
    const early = world.reader('b');
    await world.settle();
    // While the new reader of b catches up slowly, nobody needs b in the held request.
    let hold = true;
    world.server.fault = ({ body }) =>
      hold && JSON.stringify(body).includes('from') ? { kind: 'unreachable' } : null;
    const late = world.reader('b', 'start');
    early.stop();
    await world.settle();
    world.publish('b', 1, 2);
    await world.settle();
    hold = false;
    await world.clock.advance(5_000);
    world.publish('b', 3);
    await world.settle();
    expect([early.data, late.data]).toEqual([[], [1, 2, 3]]);
    expect(gaps).toEqual([]);
    world.holdline.close();
  });

  test('catching up on a long channel does not keep the others waiting', async () => {
    const world = new World();
    for (let i = 0; i < 1200; i++) world.publish('long', i);
    const live = world.reader('live');
    await world.settle();
    let slow: (() => void) | undefined;
    const seen: unknown[] = [];
    world.holdline.channel('long').subscribe(
      ({ data }) => {
        seen.push(data);
        return seen.length === 3 ? new Promise<void>((resolve) => (slow = resolve)) : undefined;
      },
      { from: 'start' },
    );
    await world.settle();
    world.publish('live', 'meanwhile');
    await world.settle();
    expect(seen).toHaveLength(3);
    expect(live.data).toEqual(['meanwhile']);
    slow?.();
    await world.settle();
    await world.holdline.channel('long').ready();
    expect(seen).toHaveLength(1200);
    world.holdline.close();
  });

  test('a from that the server refuses ends that subscription, and the others go on', async () => {
    const world = new World();
    const refusals: unknown[] = [];
    world.holdline.channel('room:1').on('error', (error) => refusals.push(error));
    const other = world.reader('other');
    world.server.fault = ({ body }) =>
      JSON.stringify(body).includes('yesterday')
        ? { kind: 'problem', code: 'invalid_request' }
        : null;
    world.reader('room:1', 'yesterday');
    await expect(world.holdline.channel('room:1').ready()).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await world.settle();
    world.publish('other', 1);
    await world.settle();
    expect(refusals).toMatchObject([{ code: 'invalid_request' }]);
    expect(other.data).toEqual([1]);
    world.holdline.close();
  });
});
