import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import { ownerOf, APP } from '../testing/bench.js';
import { PresenceBench, SECOND, Watcher } from '../testing/presence-bench.js';

const of = (item: { joined: { clientId: string }[] } | undefined) =>
  item?.joined.map(({ clientId }) => clientId);

describe('how long a member stays', () => {
  test('a PUT lasts for its time, and the next one for so long from then', async () => {
    const bench = new PresenceBench();
    bench.put('ann', null, 10 * SECOND);
    await bench.pass(9 * SECOND);
    bench.put('ann', null, 10 * SECOND);
    await bench.pass(9.9 * SECOND);
    expect(await bench.clients()).toEqual(['ann']);
    await bench.pass(0.1 * SECOND);
    expect(await bench.clients()).toEqual([]);
  });

  test('a held poll keeps its client, however long it is held', async () => {
    const bench = new PresenceBench();
    bench.attend('ann');
    await bench.pass(300 * SECOND);
    expect(await bench.clients()).toEqual(['ann']);
  });

  test('a gap between polls shorter than the grace is no leave, a longer one is', async () => {
    const bench = new PresenceBench();
    for (let i = 0; i < 3; i++) {
      const poll = bench.attend('ann');
      await bench.pass(5 * SECOND);
      poll.end(false);
      await bench.pass(14.9 * SECOND);
    }
    expect(await bench.clients()).toEqual(['ann']);
    expect(bench.items.map((item) => item.left)).toEqual([[]]);
    await bench.pass(SECOND);
    expect(await bench.clients()).toEqual([]);
    expect(bench.items.at(-1)?.left).toEqual([{ clientId: 'ann' }]);
  });

  test('of two polls of one client the last to end counts', async () => {
    const bench = new PresenceBench();
    const one = bench.attend('ann');
    const two = bench.attend('ann');
    one.end(false);
    await bench.pass(100 * SECOND);
    two.end(false);
    await bench.pass(14 * SECOND);
    expect(await bench.clients()).toEqual(['ann']);
    await bench.pass(SECOND);
    expect(await bench.clients()).toEqual([]);
  });

  test('a poll that was refused leaves nobody behind whom it alone brought in', async () => {
    const bench = new PresenceBench();
    bench.attend('ann').end(true);
    expect(await bench.clients()).toEqual([]);
    bench.attend('bob').end(false);
    bench.attend('bob').end(true);
    expect(await bench.clients()).toEqual(['bob']);
    await bench.pass(20 * SECOND);
    expect(bench.items.flatMap(of)).toEqual(['bob']);
  });

  test('who leaves is gone at once, though a poll of theirs is held', async () => {
    const bench = new PresenceBench();
    const poll = bench.attend('ann');
    expect(bench.leave('ann')).toBe(true);
    expect(bench.leave('ann')).toBe(false);
    const next = bench.attend('ann');
    poll.end(false);
    await bench.pass(60 * SECOND);
    expect(await bench.clients()).toEqual(['ann']);
    next.end(false);
    await bench.pass(16 * SECOND);
    expect(bench.presence.memberCount()).toBe(0);
  });

  test('P7: whose credential is revoked leaves at once', async () => {
    const bench = new PresenceBench();
    bench.put('ann');
    bench.presence.put({ ...bench.entry('bob'), owner: ownerOf(APP, 'other') }, 60 * SECOND);
    bench.presence.end((owner) => owner.keyId === 'other');
    expect(await bench.clients()).toEqual(['ann']);
  });
});

describe('what is told', () => {
  test('everything of a window in one item; a heartbeat is no news', async () => {
    const bench = new PresenceBench();
    for (let i = 0; i < 50; i++) bench.put(`c${i}`, i);
    await bench.pass(SECOND);
    for (let i = 0; i < 50; i++) bench.put(`c${i}`, i);
    await bench.pass(5 * SECOND);
    expect(bench.items).toHaveLength(1);
    expect(bench.items[0]).toMatchObject({ type: 'presence', channel: 'room', count: 50 });
    expect(bench.items[0]?.joined).toHaveLength(50);
  });

  test('joined, updated and left, each as things stand at the end of the window', async () => {
    const bench = new PresenceBench();
    bench.put('ann', 1);
    bench.put('bob', 1);
    await bench.pass(SECOND);
    bench.put('ann', 2);
    bench.put('ann', 3);
    bench.leave('bob');
    bench.put('cec', 1);
    bench.put('dan', 1);
    bench.leave('dan');
    await bench.pass(SECOND);
    const [first, second] = bench.items;
    expect(second).toMatchObject({
      count: 2,
      previous: first?.version,
      joined: [{ clientId: 'cec', data: 1 }],
      updated: [{ clientId: 'ann', data: 3 }],
      left: [{ clientId: 'bob' }],
    });
  });

  test('who came and left within a window is told only if somebody could have listed them', async () => {
    const bench = new PresenceBench();
    bench.put('ann');
    bench.leave('ann');
    await bench.pass(SECOND);
    expect(bench.items).toEqual([]);
    bench.put('ann');
    await bench.pass(SECOND);
    bench.put('bob');
    const seen = await bench.list();
    bench.leave('bob');
    bench.leave('ann');
    await bench.pass(SECOND);
    expect(bench.items.at(-1)?.left).toEqual([{ clientId: 'bob' }, { clientId: 'ann' }]);
    expect(new Watcher(seen.members, seen.version).apply(bench.items).list).toEqual([]);
  });

  test('a crowd within a second is at most three items, whatever its size', async () => {
    const bench = new PresenceBench();
    for (let i = 0; i < 5000; i++) {
      bench.put(`client-${i}`, { name: `Client ${i}` });
      if (i % 250 === 249) await bench.pass(50);
    }
    await bench.pass(5 * SECOND);
    expect(bench.items.length).toBeLessThanOrEqual(3);
    expect(bench.items.flatMap(of)).toHaveLength(5000);
    expect(bench.items.at(-1)?.count).toBe(5000);
  });

  test('data of any size is spread over windows: no item is much larger than 512 kB', async () => {
    const bench = new PresenceBench();
    for (let i = 0; i < 1000; i++) bench.put(`c${i}`, 'x'.repeat(4000));
    await bench.pass(20 * SECOND);
    expect(bench.items.flatMap(of)).toHaveLength(1000);
    for (const item of bench.items) expect(JSON.stringify(item).length).toBeLessThan(520 * 1024);
  });

  test.each(['definite', 'unstored', 'stored', 'thrown'] as const)(
    'a change that the log did not take (%s) is told after the next window',
    async (fault) => {
      const bench = new PresenceBench();
      bench.put('ann');
      bench.put('bob');
      bench.engine.fault = fault;
      await bench.pass(2 * SECOND);
      bench.leave('bob');
      bench.engine.fault = 'none';
      await bench.pass(5 * SECOND);
      const { members } = await bench.list();
      expect(new Watcher([], 0).apply(bench.items).list).toEqual(members);
    },
  );
});

describe('the list', () => {
  test('has every member with its data and since when, in pages', async () => {
    const bench = new PresenceBench();
    const { since } = bench.put('b', { mood: 'ok' });
    bench.put('c');
    await bench.pass(SECOND);
    bench.put('a');
    const first = await bench.list(null, 2);
    expect(first).toMatchObject({ count: 3, next: 'b' });
    expect(first.members).toEqual([
      { clientId: 'a', data: null, since: expect.any(String) },
      { clientId: 'b', data: { mood: 'ok' }, since: new Date(since).toISOString() },
    ]);
    expect(await bench.list('b', 2)).toMatchObject({ members: [{ clientId: 'c' }], next: null });
    expect(await bench.list('bb', 2)).toMatchObject({ members: [{ clientId: 'c' }], next: null });
  });

  test('of a channel without members costs nothing to keep', async () => {
    const bench = new PresenceBench();
    expect(await bench.list(null, 10, 'elsewhere')).toMatchObject({ members: [], count: 0 });
  });
});

describe('a restart', () => {
  test('versions go on, and after a minute readers know who did not come back', async () => {
    const bench = new PresenceBench();
    bench.put('ann');
    bench.put('bob');
    await bench.pass(SECOND);
    const before = await bench.list();
    const watcher = new Watcher(before.members, before.version);
    bench.restart();
    bench.put('ann');
    await bench.pass(SECOND);
    expect((await bench.list()).version).toBeGreaterThan(before.version);
    await bench.pass(20 * SECOND);
    bench.put('ann');
    await bench.pass(41 * SECOND);
    expect(bench.items.at(-1)).toMatchObject({ reset: true, count: 1 });
    expect(watcher.apply(bench.items).list).toEqual((await bench.list()).members);
  });

  test('one who only watches is told that all are gone, once', async () => {
    const bench = new PresenceBench();
    bench.put('ann');
    await bench.pass(SECOND);
    bench.restart();
    bench.presence.watch(APP, 'room');
    await bench.pass(70 * SECOND);
    bench.restart();
    bench.presence.watch(APP, 'room');
    await bench.pass(70 * SECOND);
    expect(bench.items.map(({ count, reset }) => ({ count, reset }))).toEqual([
      { count: 1, reset: undefined },
      { count: 0, reset: true },
    ]);
  });
});

describe('bounds', () => {
  const code = (act: () => unknown) => {
    try {
      act();
    } catch (fault) {
      if (fault instanceof Problem) return [fault.code, fault.extras.limit?.scope];
      throw fault;
    }
    return null;
  };

  test('P8: a full channel, a full app and a full node refuse, and say which', () => {
    const bench = new PresenceBench({ channelMembers: 2, appMembers: 3, dataChars: 100 });
    bench.put('a');
    bench.put('b');
    expect(code(() => bench.put('c'))).toEqual(['rate_limited', 'channel']);
    expect(code(() => bench.attend('c'))).toEqual(['rate_limited', 'channel']);
    bench.put('a', 1);
    bench.presence.put(bench.entry('c', null, 'other'), SECOND);
    expect(code(() => bench.presence.put(bench.entry('d', null, 'other'), SECOND))).toEqual([
      'rate_limited',
      'app',
    ]);
    expect(code(() => bench.put('a', 'x'.repeat(100)))).toEqual(['unavailable', undefined]);
    expect(bench.presence.memberCount()).toBe(3);
  });

  test('a refused poll of several channels has entered none', () => {
    const bench = new PresenceBench({ channelMembers: 1 });
    bench.put('ann');
    const entries = [bench.entry('bob', null, 'other'), bench.entry('bob')];
    expect(code(() => bench.presence.attend(entries))).toEqual(['rate_limited', 'channel']);
    expect(bench.presence.memberCount()).toBe(1);
  });
});
