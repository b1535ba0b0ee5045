import { describe, expect, test } from '@jest/globals';
import { ModelEngine } from '#engine';
import type { Home } from '#engine';
import { APP, Bench } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';
import type { Subscription } from './types.js';

const GRACE_MS = 15_000;

const asking = (clientId: string | null, app = APP): Subscription => ({
  owner: { appId: app, keyId: 'key', clientId, tokenId: null, issuedAt: 0 },
  channels: ['room'],
});
const ann = { subscriptions: [asking('ann')] };

describe('homes', () => {
  test('a client is at home from its poll until the grace after its last one is over', async () => {
    const bench = new Bench();
    const since = bench.clock.now();
    expect(await bench.mediator.home(APP, 'ann')).toBeNull();
    const poll = await bench.poll({ ...ann, waitMs: 1000 });
    const home = { node: bench.model.node, since };
    expect(await bench.mediator.home(APP, 'ann')).toEqual({ ...home, holds: 1 });
    bench.clock.advance(1100);
    await quiet();
    expect(poll.settlements).toBe(1);
    expect(await bench.mediator.home(APP, 'ann')).toEqual({ ...home, holds: 0 });
    bench.clock.advance(GRACE_MS - 200);
    expect(await bench.mediator.home(APP, 'ann')).toEqual({ ...home, holds: 0 });
    bench.clock.advance(400);
    expect(await bench.mediator.home(APP, 'ann')).toBeNull();
  });

  test('a gap between polls shorter than the grace is no leave, however long it goes on', async () => {
    const bench = new Bench();
    const since = bench.clock.now();
    for (let n = 0; n < 10; n++) {
      await bench.poll({ ...ann, waitMs: 0 });
      bench.clock.advance(GRACE_MS - 500);
    }
    expect(await bench.mediator.home(APP, 'ann')).toMatchObject({ since });
  });

  test('a poll that is held outlasts the grace', async () => {
    const bench = new Bench();
    await bench.poll({ ...ann, waitMs: 300_000 });
    bench.clock.advance(200_000);
    expect(await bench.mediator.home(APP, 'ann')).toMatchObject({ holds: 1 });
  });

  test('a client that goes away, or is answered, counts once, on every path', async () => {
    const bench = new Bench();
    const polls = [await bench.poll(ann), await bench.poll(ann), await bench.poll(ann)];
    polls[0]?.hold.cancel();
    polls[0]?.hold.cancel();
    expect(await bench.mediator.home(APP, 'ann')).toMatchObject({ holds: 2 });
    await bench.publish('room', 1);
    polls[1]?.hold.cancel();
    expect(await bench.mediator.home(APP, 'ann')).toMatchObject({ holds: 0 });
  });

  test('P5: the same client of another app is another; who has no client is at home nowhere', async () => {
    const bench = new Bench();
    await bench.poll({ subscriptions: [asking(null), asking('ann', 'app-2')] });
    expect(await bench.mediator.home(APP, 'ann')).toBeNull();
    expect(await bench.mediator.home('app-2', 'ann')).toMatchObject({ holds: 1 });
  });

  test('a client that polls at another node is at home there; drained nodes are nobody’s home', async () => {
    const homes = new Map<string, Home>();
    const engine = (clock: { now(): number }) => new ModelEngine({ clock, homes });
    const [one, two] = [new Bench({ engine }), new Bench({ engine })];
    await one.poll({ ...ann, waitMs: 1000 });
    await two.poll(ann);
    expect(await one.mediator.home(APP, 'ann')).toMatchObject({
      node: two.model.node,
      holds: null,
    });
    one.clock.advance(2 * GRACE_MS);
    expect(await two.mediator.home(APP, 'ann')).toMatchObject({ node: two.model.node, holds: 1 });
    two.mediator.drain();
    expect(await one.mediator.home(APP, 'ann')).toBeNull();
  });
});
