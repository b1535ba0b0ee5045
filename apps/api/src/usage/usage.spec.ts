import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HOUR_MS, hourOf, type Meter, type UsageRequest, type UsageSlice } from '#contracts';
import fc from 'fast-check';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';
import { UsageCollector } from './usage-collector.js';
import { UsageStore } from './usage-store.js';

let t: TestApi;
let store: UsageStore;
beforeAll(async () => {
  t = await startTestApi();
  store = t.api.app.get(UsageStore);
});
afterAll(() => t.stop());

const NOW = hourOf(Date.now());
let sources = 0;
const newSource = () => `journal:test-${++sources}`;

function slice(source: string, from: number, through: number, rows: Partial<UsageSlice['rows']>) {
  return {
    source,
    from,
    through,
    completeTo: NOW,
    truncated: false,
    rows: { keys: [], channels: [], tenants: [], ...rows },
  };
}

const keyRow = (app: string, units: number, hour = NOW, meter: Meter = 'messages_published') => ({
  app,
  key: 'key1',
  meter,
  hour,
  units,
});

async function totalOf(user: SignedUp, meter: Meter, query = 'granularity=total') {
  const { status, body } = await user.call('GET', `/v1/usage?${query}`);
  expect(status).toBe(200);
  return body.total[meter] as number;
}

describe('storing usage', () => {
  test('P6: a slice counts once, however often and by however many at once it is applied', async () => {
    const user = await t.signUp();
    const source = newSource();
    const one = slice(source, 0, 5, { keys: [keyRow(user.appId, 7)] });
    const applied = await Promise.all(Array.from({ length: 5 }, () => store.apply(one)));
    expect(applied.filter(Boolean)).toHaveLength(1);
    expect(await store.apply(one)).toBe(false);
    expect(await store.apply(slice(source, 5, 6, { keys: [keyRow(user.appId, 1)] }))).toBe(true);
    expect(await totalOf(user, 'messages_published')).toBe(8);
  });

  test('P6: whatever slices are lost on the way and fetched again, the sum is that of all batches', async () => {
    const user = await t.signUp();
    let expected = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        async (batches, fates) => {
          const source = newSource();
          let mark = 0;
          for (let step = 0; mark < batches.length && step < 30; step++) {
            const part = batches.slice(mark, mark + 2);
            const units = part.reduce((sum, one) => sum + one, 0);
            const rows = { keys: [keyRow(user.appId, units)] };
            const through = mark + part.length;
            await store.apply(slice(source, mark, through, rows));
            // The collector died after the commit, or before it heard of it: it asks again.
            if (fates[step]) await store.apply(slice(source, mark, through, rows));
            mark = (await store.marks())[source] ?? 0;
          }
          expected += batches.reduce((sum, one) => sum + one, 0);
          expect(await totalOf(user, 'messages_published')).toBe(expected);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('a peak is the largest seen, and of the tenant as a whole', async () => {
    const user = await t.signUp();
    const source = newSource();
    const peak = (units: number) => ({
      tenants: [{ tenant: user.tenantId, meter: 'peak_holds' as const, hour: NOW, units }],
    });
    await store.apply(slice(source, 0, 1, peak(5)));
    await store.apply(slice(source, 1, 2, peak(3)));
    expect(await totalOf(user, 'peak_holds')).toBe(5);
    expect(await totalOf(user, 'peak_holds', 'groupBy=app')).toBe(0);
  });

  test('P5: usage of an app goes to its tenant alone; of an app that nobody has, to nobody', async () => {
    const [one, other] = [await t.signUp(), await t.signUp()];
    await store.apply(
      slice(newSource(), 0, 1, { keys: [keyRow(one.appId, 3), keyRow('app_of_nobody', 9)] }),
    );
    expect(await totalOf(one, 'messages_published')).toBe(3);
    expect(await totalOf(other, 'messages_published')).toBe(0);
    const foreign = await other.call('GET', `/v1/usage?app=${one.appId}`);
    expect(foreign.status).toBe(404);
  });

  test('beyond the channels that are told apart the rest shares the empty name, and no unit is lost', async () => {
    const user = await t.signUp();
    const rows = (from: number, count: number) => ({
      channels: Array.from({ length: count }, (_, i) => ({
        app: user.appId,
        channel: `room:${from + i}`,
        meter: 'messages_published' as const,
        hour: NOW,
        units: 1,
      })),
    });
    const source = newSource();
    await store.apply(slice(source, 0, 1, rows(0, 9_990)));
    await store.apply(slice(source, 1, 2, rows(9_980, 30)));
    const { body } = await user.call('GET', '/v1/usage?groupBy=namespace&granularity=total');
    expect(body.data).toMatchObject([{ namespace: 'room', usage: { messages_published: 10_020 } }]);
    const kept = await t.database.asSystem((tx) =>
      tx.usageChannelHour.findMany({ where: { appId: user.appId, units: { gt: 1 } } }),
    );
    expect(kept.find(({ channel }) => channel === '')?.units).toBe(10n);
    expect(kept.filter(({ channel }) => channel !== '')).toHaveLength(10);
  });
});

describe('GET /v1/usage', () => {
  test('tells hours, days and months apart, half-open, in UTC', async () => {
    const user = await t.signUp();
    const at = (text: string) => Date.parse(text);
    const hours = ['2026-01-31T23:00:00Z', '2026-02-01T00:00:00Z', '2026-02-01T23:00:00Z'];
    await store.apply(
      slice(newSource(), 0, 1, { keys: hours.map((hour) => keyRow(user.appId, 1, at(hour))) }),
    );
    const range = 'from=2026-01-31T23:00:00Z&to=2026-02-01T23:00:00Z';
    const ask = async (granularity: string) =>
      (await user.call('GET', `/v1/usage?${range}&granularity=${granularity}`)).body;
    expect((await ask('hour')).data.map((one: { start: string }) => one.start)).toEqual([
      '2026-01-31T23:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
    ]);
    expect((await ask('day')).data).toMatchObject([
      { start: '2026-01-31T23:00:00.000Z', end: '2026-02-01T00:00:00.000Z' },
      { start: '2026-02-01T00:00:00.000Z', end: '2026-02-01T23:00:00.000Z' },
    ]);
    expect((await ask('month')).data).toHaveLength(2);
    expect((await ask('total')).total.messages_published).toBe(2);
  });

  test('shows each meter in its unit', async () => {
    const user = await t.signUp();
    await store.apply(
      slice(newSource(), 0, 1, {
        keys: [
          keyRow(user.appId, 90_000, NOW, 'held_minutes'),
          keyRow(user.appId, 2_500_000_000, NOW, 'stored_gb_hours'),
        ],
      }),
    );
    expect(await totalOf(user, 'held_minutes')).toBe(1.5);
    expect(await totalOf(user, 'stored_gb_hours')).toBe(2.5);
  });

  test.each([
    ['groupBy=key,channel', /group by one of the two/],
    ['groupBy=tenant', /list of app and key/],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', /at least an hour before/],
    ['granularity=hour&from=2020-01-01T00:00:00Z', /31 days at most/],
    ['granularity=minute', /granularity/],
  ])('%s is refused and says what to ask instead', async (query, says) => {
    const user = await t.signUp();
    const { status, body } = await user.call('GET', `/v1/usage?${query}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(says);
  });
});

describe('collecting from delivery', () => {
  test('P6: goes on from the stored marks, samples what is stored once an hour, and says how fresh it is', async () => {
    const user = await t.signUp();
    const asked: UsageRequest['marks'][] = [];
    let samples = 0;
    t.delivery.answer = ({ url, body }) => {
      if (url.includes('/internal/stored')) {
        samples += 1;
        return { status: 200, body: { rows: [{ app: user.appId, key: 'key1', bytes: 1e9 }] } };
      }
      const { marks } = body as UsageRequest;
      asked.push(marks);
      const from = marks['log:e1'] ?? 0;
      const rows = from === 0 ? { keys: [keyRow(user.appId, 4)] } : {};
      const log = { ...slice('log:e1', from, 9, rows), completeTo: NOW + 5_000 };
      const journal = { ...slice('journal:n1', 0, 0, {}), completeTo: NOW + 3_000 };
      return { status: 200, body: { slices: [log, journal] } };
    };
    const collector = t.api.app.get(UsageCollector);
    await collector.round();
    await collector.round();
    expect(asked.at(-1)).toMatchObject({ 'log:e1': 9 });
    expect(samples).toBe(1);
    expect(await totalOf(user, 'messages_published')).toBe(4);
    expect(await totalOf(user, 'stored_gb_hours')).toBe(1);
    const { body } = await user.call('GET', '/v1/usage');
    expect(body.asOf).toBe(new Date(NOW + 3_000).toISOString());
    t.clock.advance(HOUR_MS);
    await collector.round();
    expect(samples).toBe(2);
    expect(await totalOf(user, 'stored_gb_hours')).toBe(2);
  });

  test('units that are gone before they were collected are told in the log', async () => {
    t.delivery.answer = ({ url }) =>
      url.includes('/internal/stored')
        ? { status: 200, body: { rows: [] } }
        : {
            status: 200,
            body: { slices: [{ ...slice('log:e9', 0, 3, {}), truncated: true }] },
          };
    await t.api.app.get(UsageCollector).round();
    expect(t.log()).toMatch(/Usage of log:e9 after 0 is gone/);
  });
});
