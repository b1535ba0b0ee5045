import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { APP, Bench, ownerOf } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';
import { presenceChannel } from './presence/names.js';
import type { LiveChannelRequest } from './types.js';

const list = (bench: Bench, wanted: Partial<LiveChannelRequest> = {}) =>
  bench.mediator.liveChannels({
    app: APP,
    prefix: '',
    after: null,
    limit: 100,
    also: [],
    ...wanted,
  });

describe('the live channels of an app', () => {
  test('tell how many requests are held for each, over all lists that name it, and where its log ends', async () => {
    const bench = new Bench();
    const { messages } = await bench.publish('a', 1, 2);
    await bench.poll({ channels: ['a'] });
    await bench.poll({ channels: ['a'] });
    const both = await bench.poll({ channels: ['a', 'b'] });
    const last = messages[1]?.position;
    expect((await list(bench)).channels).toEqual([
      { name: 'a', receivers: 3, position: last },
      { name: 'b', receivers: 1, position: 0 },
    ]);
    both.hold.cancel();
    expect((await list(bench)).channels.map((one) => one.receivers)).toEqual([2, 0]);
  });

  test('count each of those who share a view', async () => {
    const bench = new Bench();
    const view = { key: 'v', names: ['x'], headers: null, conflate: null, windowMs: 0 };
    for (let i = 0; i < 3; i++) await bench.poll({ view });
    await bench.poll();
    expect((await list(bench)).channels).toEqual([{ name: 'room', receivers: 4, position: 0 }]);
  });

  test('count the members of groups', async () => {
    const bench = new Bench();
    const ref = { app: APP, channel: 'jobs', group: 'workers' };
    await bench.mediator.groups.put(ref, { from: null, visibility: null, maxAttempts: null });
    const request = { ref, owner: ownerOf(APP), waitMs: 10_000, limit: 1, visibility: null };
    bench.mediator.groups.receive(request, { answer: () => {}, refuse: () => {} });
    await quiet();
    expect((await list(bench)).channels).toEqual([{ name: 'jobs', receivers: 1, position: 0 }]);
  });

  test('are those of no other app, and none that only tells of presence', async () => {
    const bench = new Bench();
    await bench.poll({ subscriptions: [{ owner: ownerOf('app-2'), channels: ['theirs'] }] });
    await bench.poll({ channels: ['mine', presenceChannel('mine')] });
    expect((await list(bench)).channels.map((one) => one.name)).toEqual(['mine']);
    expect((await list(bench, { app: 'app-3' })).channels).toEqual([]);
  });

  test('include what the caller knows, once', async () => {
    const bench = new Bench();
    const { messages } = await bench.publish('quiet', 1);
    await bench.poll({ channels: ['room'] });
    const { channels } = await list(bench, { also: ['room', 'quiet'] });
    expect(channels).toEqual([
      { name: 'quiet', receivers: 0, position: messages[0]?.position },
      { name: 'room', receivers: 1, position: 0 },
    ]);
  });

  test('in pages of any size are all of them, each once, in the order of their names', async () => {
    const name = fc.string({
      minLength: 1,
      maxLength: 4,
      unit: fc.constantFrom('a', 'b', ':', 'é'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(name, { minLength: 1, maxLength: 30 }),
        fc.array(name, { maxLength: 10 }),
        fc.constantFrom('', 'a', 'a:'),
        fc.integer({ min: 1, max: 7 }),
        async (held, also, prefix, limit) => {
          const bench = new Bench();
          await bench.poll({ channels: held });
          const got: string[] = [];
          for (let after: string | null = null, more = true; more; after = got.at(-1) ?? null) {
            const page = await list(bench, { also, prefix, after, limit });
            expect(page.channels.length).toBeLessThanOrEqual(limit);
            got.push(...page.channels.map((one) => one.name));
            more = page.hasMore;
          }
          const all = new Set([...held, ...also].filter((one) => one.startsWith(prefix)));
          expect(got).toEqual([...all].sort());
        },
      ),
    );
  });
});
