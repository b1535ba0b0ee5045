import { describe, expect, test } from '@jest/globals';
import { ConfigSnapshot, Problem } from '#contracts';
import { ConfigFeed } from './config-feed.js';
import type { ConfigRows, LoadedConfig } from './config-rows.js';

const quiet = { warn: () => undefined, error: () => undefined };
const present = new AbortController().signal;

function app(id: string, version: number): ConfigRows['apps'][number] {
  return {
    id,
    tenantId: 'ten_1',
    status: 'active',
    allowedOrigins: ['*'],
    jwks: [],
    limits: {},
    version,
  };
}

/** A database that a test changes and takes away; every load is counted, and ends when the test says so. */
function fakeSource() {
  const rows = new Map<string, ConfigRows['apps'][number]>();
  let notify: () => void = () => undefined;
  const source = {
    version: 0,
    away: false,
    loads: [] as number[],
    gate: Promise.resolve(),
    load: async (since: number): Promise<LoadedConfig> => {
      source.loads.push(since);
      await source.gate;
      if (source.away) throw new Error('away');
      const apps = [...rows.values()].filter((row) => row.version > since);
      return {
        version: source.version,
        sealed: [],
        rows: { apps, keys: [], namespaces: [], revocations: [] },
      };
    },
    onChange: (listener: () => void) => {
      notify = listener;
      listener();
      return () => undefined;
    },
    put(id: string) {
      rows.set(id, app(id, ++source.version));
      notify();
    },
    restore(version: number) {
      rows.clear();
      source.version = version - 1;
      source.put('restored');
    },
  };
  return source;
}

async function startFeed(source: ReturnType<typeof fakeSource>) {
  const feed = new ConfigFeed(source, quiet, () => 0);
  feed.start();
  await feed.answer(0, 0, present);
  source.loads.length = 0;
  return feed;
}

describe('config feed', () => {
  test('a node that has nothing gets everything, one that has a version only what is newer', async () => {
    const source = fakeSource();
    source.put('a');
    source.put('b');
    const feed = await startFeed(source);
    const all = ConfigSnapshot.parse(await feed.answer(0, 0, present));
    expect(all).toMatchObject({ version: 2, full: true });
    expect(all.apps.map(({ id }) => id)).toEqual(['a', 'b']);
    const newer = await feed.answer(1, 0, present);
    expect(newer).toMatchObject({ version: 2, full: false });
    expect(newer.apps.map(({ id }) => id)).toEqual(['b']);
  });

  test('with nothing new it holds, and one load wakes all who wait', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    const waiting = [1, 2, 3].map(() => feed.answer(1, 60_000, present));
    expect(feed.holds).toBe(3);
    source.put('b');
    const answers = await Promise.all(waiting);
    for (const answer of answers)
      expect(answer).toMatchObject({ version: 2, full: false, apps: [{ id: 'b' }] });
    expect(source.loads).toEqual([1]);
    expect(feed.holds).toBe(0);
  });

  test('a change during a load is not missed: it is loaded once more, for all changes together', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    const opened = Promise.withResolvers<void>();
    source.gate = opened.promise;
    source.put('b');
    source.put('c');
    source.put('d');
    expect(source.loads).toHaveLength(1);
    const waiting = feed.answer(1, 60_000, present);
    opened.resolve();
    expect((await waiting).version).toBe(4);
    expect(source.loads.length).toBeLessThanOrEqual(2);
  });

  test('nothing new by the end of the wait: an empty answer with the version that the node has', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    expect(await feed.answer(1, 0, present)).toEqual({
      version: 1,
      full: false,
      apps: [],
      keys: [],
      namespaces: [],
      revocations: [],
    });
    expect(await feed.answer(1, 5, present)).toMatchObject({ version: 1, full: false, apps: [] });
  });

  test('an empty database is held for too: a node that has nothing does not ask over and over', async () => {
    const source = fakeSource();
    const feed = await startFeed(source);
    expect(await feed.answer(0, 0, present)).toMatchObject({ version: 0, full: true, apps: [] });
    const waiting = feed.answer(0, 60_000, present);
    expect(feed.holds).toBe(1);
    source.put('a');
    expect(await waiting).toMatchObject({ version: 1, full: true, apps: [{ id: 'a' }] });
  });

  test('a node that is gone is forgotten', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    const gone = new AbortController();
    const waiting = feed.answer(1, 60_000, gone.signal);
    expect(feed.holds).toBe(1);
    gone.abort();
    await waiting;
    expect(feed.holds).toBe(0);
    await feed.answer(1, 60_000, gone.signal);
    expect(feed.holds).toBe(0);
  });

  test('P7: while the database is away, a node that starts anew still gets the last state', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    source.away = true;
    source.put('b');
    expect(await feed.answer(0, 0, present)).toMatchObject({
      version: 1,
      full: true,
      apps: [{ id: 'a' }],
    });
    feed.close();
  });

  test('before a first load there is nothing to answer with: 503, and the next request tries again', async () => {
    const source = fakeSource();
    source.away = true;
    const feed = new ConfigFeed(source, quiet, () => 0);
    const refused = await feed.answer(0, 0, present).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect((refused as Problem).code).toBe('unavailable');
    source.away = false;
    source.put('a');
    expect((await feed.answer(0, 0, present)).apps).toHaveLength(1);
  });

  test('a version from the future: looks at the database first, then answers with everything', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    const answer = await feed.answer(99, 60_000, present);
    expect(source.loads).toEqual([1]);
    expect(answer).toMatchObject({ version: 1, full: true });
  });

  test('a database that was put back to an older state is taken over whole', async () => {
    const source = fakeSource();
    for (const id of ['a', 'b', 'c']) source.put(id);
    const feed = await startFeed(source);
    source.restore(2);
    const answer = await feed.answer(3, 60_000, present);
    expect(answer).toMatchObject({ version: 2, full: true });
    expect(answer.apps.map(({ id }) => id)).toEqual(['restored']);
  });

  test('closing answers everybody who waits', async () => {
    const source = fakeSource();
    source.put('a');
    const feed = await startFeed(source);
    const waiting = feed.answer(1, 60_000, present);
    feed.close();
    expect(await waiting).toMatchObject({ version: 1, full: false });
    expect(await feed.answer(1, 60_000, present)).toMatchObject({ version: 1 });
  });
});
