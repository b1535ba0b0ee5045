import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ACTIVITY_STEP_MS,
  type Activity,
  type ActivityCounts,
  type ActivityRequest,
  type ActivitySlice,
} from '#contracts';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';
import { UsageStore } from '../usage/usage-store.js';
import { ActivityCollector } from './activity-collector.js';
import { ActivityStore } from './activity-store.js';

let t: TestApi;
let user: SignedUp;
let store: ActivityStore;
beforeAll(async () => {
  t = await startTestApi();
  store = t.api.app.get(ActivityStore);
});
beforeEach(async () => {
  user = await t.signUp();
});
afterEach(() => {
  t.delivery.answer = null;
});
afterAll(() => t.stop());

let nodes = 0;
const HOUR = 3_600_000;
const step = (ms = t.clock.now()) => Math.floor(ms / ACTIVITY_STEP_MS) * ACTIVITY_STEP_MS;
const counts = (some: Partial<ActivityCounts>): ActivityCounts => ({
  ...{ published: 0, delivered: 0, holds: 0, latency: [], errors: {} },
  ...some,
});

type Told = readonly [app: string, at: number, counts: Partial<ActivityCounts>];

/** Stored as if a node of its own had told it. Returns up to where. */
async function stored(...told: Told[]): Promise<number> {
  const buckets = told.map(([app, at, some]) => ({ at, apps: [{ app, ...counts(some) }] }));
  const slice = { node: `node-${++nodes}`, buckets, through: step(), more: false };
  expect(await store.apply(slice, 0)).toBe(true);
  return slice.through;
}

async function show(query: string, who = user): Promise<Activity> {
  const { status, body } = await who.call('GET', `/v1/activity?${query}`);
  expect(status).toBe(200);
  return body;
}

/** The values of a series by the time of their step, where there are any. */
function values(shown: Activity, series: readonly (number | null)[]): [number, number][] {
  return series.flatMap((value, i): [number, number][] =>
    value ? [[Date.parse(shown.from) + i * shown.stepSeconds * 1000, value]] : [],
  );
}
const sum = (series: readonly number[]) => series.reduce((total, n) => total + n, 0);

describe('activity', () => {
  test.each([
    ['1h', 10, 360],
    ['24h', 300, 288],
    ['30d', 3600, 720],
  ])('of %s comes in steps of %i s, %i of them, the last one running', async (window, s, n) => {
    const shown = await show(`window=${window}`);
    const { series } = shown;
    expect(shown).toMatchObject({ window, stepSeconds: s });
    for (const one of Object.values(series)) if (Array.isArray(one)) expect(one).toHaveLength(n);
    expect(series.errors).toEqual({});
    expect(series.latencyP50Ms.every((value) => value === null)).toBe(true);
    const end = Date.parse(shown.from) + n * s * 1000;
    expect(end).toBeGreaterThan(t.clock.now());
    expect(end - s * 1000).toBeLessThanOrEqual(t.clock.now());
  });

  test('tells what was stored in every window, of all apps of the tenant or of one', async () => {
    const other = await user.call('POST', '/v1/apps', { body: { name: 'second' } });
    const at = step(t.clock.now() - 60_000);
    await stored(
      [user.appId, at, { published: 5, delivered: 50, holds: 3, errors: { rate_limited: 2 } }],
      [other.body.id, at, { published: 1, holds: 4, errors: { rate_limited: 1, forbidden: 4 } }],
    );
    for (const window of ['1h', '24h']) {
      const { series } = await show(`window=${window}`);
      expect([sum(series.published), sum(series.delivered)]).toEqual([6, 50]);
      expect(Object.entries(series.errors).map(([code, all]) => [code, sum(all)])).toEqual([
        ['forbidden', 4],
        ['rate_limited', 3],
      ]);
    }
    const hour = await show('window=1h');
    expect(values(hour, hour.series.published)).toEqual([[at, 6]]);
    expect(values(hour, hour.series.holds)).toEqual([[at, 7]]);
    const one = await show(`window=1h&app=${user.appId}`);
    expect([sum(one.series.published), sum(one.series.holds)]).toEqual([5, 3]);
    expect(Object.keys(one.series.errors)).toEqual(['rate_limited']);
  });

  test('the latency that half, and that 99 of 100 did not exceed comes from all receivers of a step', async () => {
    const at = step(t.clock.now() - 60_000);
    // 98 within 1 ms, one within 3 to 4, one beyond every bound.
    const wide = [0, 0, 0, 1, ...new Array<number>(21).fill(0), 1];
    await stored([user.appId, at, { latency: [90] }]);
    await stored([user.appId, at, { latency: [8] }], [user.appId, at, { latency: wide }]);
    const shown = await show('window=1h');
    expect(values(shown, shown.series.latencyP50Ms)).toEqual([[at, 0.5]]);
    expect(values(shown, shown.series.latencyP99Ms)).toEqual([[at, 4]]);
  });

  test('holds in a longer step are its mean, also while it still runs', async () => {
    const before = Math.floor(t.clock.now() / 300_000) * 300_000 - 300_000;
    const told = Array.from({ length: 30 }, (_, i): Told => {
      return [user.appId, before + i * ACTIVITY_STEP_MS, { holds: i < 15 ? 10 : 20 }];
    });
    await stored(...told);
    const shown = await show('window=24h');
    expect(values(shown, shown.series.holds)).toEqual([[before, 15]]);
  });

  test('30 days have what is billed, so that the two pages never differ', async () => {
    const hour = Math.floor(t.clock.now() / HOUR) * HOUR - 48 * HOUR;
    await stored([user.appId, hour, { published: 1, delivered: 1, latency: [1] }]);
    const row = { app: user.appId, key: 'k', hour };
    await t.api.app.get(UsageStore).apply({
      ...{ source: `journal:activity-${++nodes}`, from: 0, through: 1, completeTo: 0 },
      truncated: false,
      rows: {
        keys: [
          { ...row, meter: 'messages_published', units: 40 },
          { ...row, meter: 'direct_messages', units: 2 },
          { ...row, meter: 'messages_delivered', units: 900 },
        ],
        channels: [],
        tenants: [],
      },
    });
    const shown = await show('window=30d');
    expect(values(shown, shown.series.published)).toEqual([[hour, 42]]);
    expect(values(shown, shown.series.delivered)).toEqual([[hour, 900]]);
    expect(values(shown, shown.series.latencyP50Ms)).toEqual([[hour, 0.5]]);
  });

  test('a slice counts once, however often and by however many at once it is applied', async () => {
    const node = `node-${++nodes}`;
    const at = step(t.clock.now() - 60_000);
    const apps = [{ app: user.appId, ...counts({ published: 7 }) }];
    const slice = { node, buckets: [{ at, apps }], through: at + ACTIVITY_STEP_MS, more: false };
    const applied = await Promise.all(Array.from({ length: 4 }, () => store.apply(slice, 0)));
    expect(applied.filter(Boolean)).toHaveLength(1);
    expect(sum((await show('window=1h')).series.published)).toBe(7);
  });

  test('P5: another tenant’s app is not there, and what it does is in nobody else’s series', async () => {
    const other = await t.signUp();
    await stored(
      [user.appId, step(t.clock.now() - 60_000), { published: 3 }],
      ['app_of_nobody', step(t.clock.now() - 60_000), { published: 3 }],
    );
    for (const window of ['1h', '24h', '30d']) {
      expect(sum((await show(`window=${window}`, other)).series.published)).toBe(0);
    }
    const stolen = await other.call('GET', `/v1/activity?app=${user.appId}`);
    expect(stolen.status).toBe(404);
  });
});

describe('the last hour', () => {
  test('has what delivery knows now instead of what was stored, and says how fresh it is', async () => {
    const now = t.clock.now();
    const [early, late] = [step(now - 1_800_000), step(now - 20_000)];
    await stored([user.appId, early, { published: 1 }], [user.appId, late, { published: 2 }]);
    const asked: URLSearchParams[] = [];
    t.delivery.answer = ({ url }) => {
      asked.push(new URL(url).searchParams);
      const running = { at: step(now), ...counts({ published: 4, holds: 9 }) };
      const before = { at: late, ...counts({ published: 2 }) };
      return { status: 200, body: { from: late, asOf: now, buckets: [before, running] } };
    };
    const shown = await show('window=1h');
    expect(values(shown, shown.series.published)).toEqual([
      [early, 1],
      [late, 2],
      [step(now), 4],
    ]);
    expect(shown.asOf).toBe(new Date(now).toISOString());
    expect(shown.note).toBeUndefined();
    expect(asked.map((one) => [...one])).toEqual([[['tenant', user.tenantId]]]);
  });

  test('while delivery is away it has what was stored, and says so', async () => {
    const through = await stored([user.appId, step(t.clock.now() - 60_000), { published: 3 }]);
    const shown = await show('window=1h');
    expect(sum(shown.series.published)).toBe(3);
    expect(shown.note).toContain('asOf');
    expect(Date.parse(shown.asOf!)).toBe(through);
  });
});

describe('collecting', () => {
  test('goes on from its mark, begins anew with another node, and removes what no window shows', async () => {
    const collector = t.api.app.get(ActivityCollector);
    const asked: ActivityRequest[] = [];
    const now = t.clock.now();
    // Later than whatever was stored here before.
    const at = step(now) + ACTIVITY_STEP_MS;
    let answer: ActivitySlice;
    t.delivery.answer = ({ body }) => {
      asked.push(body as ActivityRequest);
      return { status: 200, body: answer };
    };
    const told = (node: string, from: number, published: number, more = false): ActivitySlice => ({
      node,
      buckets: [{ at: from, apps: [{ app: user.appId, ...counts({ published }) }] }],
      through: from + ACTIVITY_STEP_MS,
      more,
    });
    answer = told('first', at, 1, true);
    expect(await collector.round()).toBe(true);
    answer = told('first', at + ACTIVITY_STEP_MS, 2);
    expect(await collector.round()).toBe(false);
    answer = told('second', at + 2 * ACTIVITY_STEP_MS, 4);
    await collector.round();
    expect(asked.slice(1)).toEqual([
      { node: 'first', from: at + ACTIVITY_STEP_MS },
      { node: 'first', from: at + 2 * ACTIVITY_STEP_MS },
    ]);
    const rows = () =>
      t.database.asSystem((tx) =>
        tx.activity.groupBy({
          by: ['stepSeconds'],
          where: { appId: user.appId },
          _count: true,
          _sum: { published: true },
          orderBy: { stepSeconds: 'asc' },
        }),
      );
    expect((await rows()).map(({ stepSeconds, _sum }) => [stepSeconds, _sum.published])).toEqual([
      [10, 7n],
      [300, 7n],
      [3600, 7n],
    ]);
    await store.sweep(now + 2 * HOUR);
    expect((await rows()).map(({ stepSeconds }) => stepSeconds)).toEqual([300, 3600]);
    await store.sweep(now + 27 * HOUR);
    expect((await rows()).map(({ stepSeconds }) => stepSeconds)).toEqual([3600]);
    await store.sweep(now + 31 * 24 * HOUR);
    expect(await rows()).toEqual([]);
  });
});
