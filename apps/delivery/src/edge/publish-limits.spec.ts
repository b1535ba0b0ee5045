import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Spend } from '#contracts';
import { EdgeSite } from '../testing/edge-site.js';

let site: EdgeSite;
beforeAll(async () => {
  site = await new EdgeSite({ maxHolds: 20 }).start();
});
afterEach(() => site.letGo());
afterAll(() => site.stop());

const stored = async (channel: string): Promise<unknown[]> => {
  const { body } = await site.ask(`/v1/channels/${channel}/history`);
  return body.messages.map(({ data }: { data: unknown }) => data);
};

describe('quotas', () => {
  test('P6: what is refused, or was stored before, is given back: the quota goes to what is stored', async () => {
    site.tenant({ publishes_per_month_tenant: 3 });
    const again = { json: { id: 'same', data: 1 } };
    for (let i = 0; i < 4; i++) expect((await site.publish('q', 1, again)).status).toBe(201);
    const conflict = await site.publish('q', 1, { json: { data: 2, ifPosition: 999_999 } });
    expect(conflict.status).toBe(409);
    expect((await site.publish('q', 3)).status).toBe(201);
    expect((await site.publish('q', 4)).status).toBe(201);
    const over = await site.publish('q', 5);
    expect(over.body).toMatchObject({ code: 'quota_exceeded', limit: { used: 3, max: 3 } });
    expect(await stored('q')).toHaveLength(3);
  });

  test('many at once never exceed it, and none is left over', async () => {
    site.tenant({ publishes_per_day_tenant: 25 });
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => site.publish(`c${i % 5}`)));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(25);
    expect(all.filter(({ status }) => status === 402)).toHaveLength(35);
  });

  test('direct messages, links, requests and batches count too', async () => {
    site.tenant({ publishes_per_month_tenant: 5 });
    const json = { data: 1 };
    expect((await site.ask('/v1/clients/bob/messages', { json })).status).toBe(202);
    await site.ask('/v1/links/l', { method: 'PUT', json: {} });
    expect((await site.ask('/v1/links/l/a/messages', { json })).status).toBe(202);
    const batch = {
      messages: [
        { channel: 'x', data: 1 },
        { channel: 'y', data: 2 },
      ],
    };
    expect((await site.ask('/v1/messages', { json: batch })).status).toBe(207);
    await site.hold('/v1/channels/q/requests?wait=30', { json });
    const over = await site.publish('x');
    expect(over.body).toMatchObject({ code: 'quota_exceeded', limit: { used: 5, max: 5 } });
    const { body } = await site.ask('/v1/messages', {
      json: { messages: [{ channel: 'x', data: 1 }] },
    });
    expect(body.code).toBe('quota_exceeded');
  });

  test('at four fifths its owner is to be warned, once', async () => {
    site.tenant({ publishes_per_day_tenant: 5 });
    for (let i = 0; i < 7; i++) await site.publish('w');
    const events = site.limits.events.list().filter((one) => one.tenantId === site.app.tenantId);
    expect(events.map(({ type, used }) => [type, used])).toEqual([
      ['limit.warning', 4],
      ['limit.reached', 5],
    ]);
  });
});

describe('what a publish is told', () => {
  test('how full the fullest limit is, where there is one; nothing where there is none', async () => {
    site.tenant({ publishes_per_second_key: 10, publishes_per_month_tenant: 4 });
    const answer = await site.publish('h');
    expect(answer.headers.get('ratelimit-policy')).toBe('"publishes_per_month_tenant";q=4');
    expect(answer.headers.get('ratelimit')).toBe('"publishes_per_month_tenant";r=3');
    site.tenant();
    expect((await site.publish('h')).headers.get('ratelimit')).toBeNull();
  });

  test('a flood is refused before its body is looked at', async () => {
    site.tenant({ publishes_per_second_key: 1 });
    await site.publish('f');
    const answer = await site.ask('/v1/channels/f/messages', {
      text: '{ not JSON',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.body.code).toBe('rate_limited');
  });

  test('a key’s own limits narrow its tenant’s and never widen them', async () => {
    site.tenant({ publishes_per_second_key: 3 });
    const narrow = site.world.addKey(site.app.id, { limits: { publishes_per_second_key: 1 } });
    const wide = site.world.addKey(site.app.id, { limits: { publishes_per_second_key: 99 } });
    const burst = async (as: string) => {
      const all = [];
      for (let i = 0; i < 5; i++) all.push((await site.publish('k', i, { as })).status);
      return all.filter((status) => status === 201).length;
    };
    expect(await burst(narrow.header)).toBe(1);
    expect(await burst(wide.header)).toBe(3);
  });
});

describe('dryRun', () => {
  test('says what would be published and how full the limits are, and stores and counts nothing', async () => {
    site.tenant({ publishes_per_second_key: 2, publishes_per_day_tenant: 2 });
    for (let i = 0; i < 5; i++) {
      const answer = await site.ask('/v1/channels/d/messages?dryRun=true', {
        json: [{ data: 1 }, { data: 2 }],
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        dryRun: true,
        wouldPublish: 2,
        limits: [
          { name: 'publishes_per_second_key', used: 0, max: 2 },
          { name: 'publishes_per_day_tenant', used: 0, max: 2 },
        ],
      });
    }
    expect(await stored('d')).toEqual([]);
    expect((await site.publish('d')).status).toBe(201);
  });

  test('refuses with what the publish would be refused with', async () => {
    site.tenant({ publishes_per_day_tenant: 1 });
    const two = [{ data: 1 }, { data: 2 }];
    const dry = await site.ask('/v1/channels/d/messages?dryRun=true', { json: two });
    const real = await site.ask('/v1/channels/d/messages', { json: two });
    expect({ ...dry.body, requestId: null }).toEqual({ ...real.body, requestId: null });
    const json = { data: 1, ifPosition: 7 };
    const moved = await site.ask('/v1/channels/d/messages?dryRun=true', { json });
    expect(moved.body).toMatchObject({ code: 'position_conflict', position: 0 });
    const odd = await site.ask('/v1/channels/d/messages?dryRun=1', { json });
    expect(odd.body.code).toBe('invalid_request');
  });

  test('of a batch counts what fits, channel after channel, and names what does not', async () => {
    site.tenant({ publishes_per_day_tenant: 2 });
    const messages = ['a', 'b', 'c'].map((channel) => ({ channel, data: 1 }));
    const { status, body } = await site.ask('/v1/messages?dryRun=true', { json: { messages } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      wouldPublish: 2,
      problems: [{ index: 2, channel: 'c', code: 'quota_exceeded' }],
    });
    expect(await stored('a')).toEqual([]);
  });

  test.each(['/v1/clients/bob/messages', '/v1/channels/q/requests'])(
    '%s takes it too',
    async (path) => {
      site.tenant();
      const { status, body } = await site.ask(`${path}?dryRun=true`, { json: { data: 1 } });
      expect([status, body.wouldPublish]).toEqual([200, 1]);
    },
  );
});

describe('budgets', () => {
  const budget = {
    scope: 'tenant',
    currency: 'EUR',
    max: 5_000_000,
    used: 5_000_000,
    resetAt: '2026-02-01T00:00:00.000Z',
  } as const;
  const degraded: Spend = { state: 'degrade', budget, degrade: { windowMs: 400, conflate: 'of' } };

  test('stop refuses publishes and receives with the budget’s facts, and ends when it is raised', async () => {
    site.tenant();
    site.change({ spend: { state: 'stop', budget } });
    const receive = '/v1/channels/s/messages?wait=0';
    for (const answer of [await site.publish('s'), await site.ask(receive)]) {
      expect(answer.status).toBe(402);
      expect(answer.body).toMatchObject({
        code: 'spend_cap_reached',
        limit: {
          name: 'budget',
          scope: 'tenant',
          max: 5_000_000,
          used: 5_000_000,
          resetAt: budget.resetAt,
        },
      });
      expect(answer.body.detail).toContain('5.00 of 5.00 EUR');
    }
    site.change({ spend: { state: 'warn', budget } });
    expect((await site.publish('s')).status).toBe(201);
    expect((await site.ask(receive)).status).toBe(200);
  });

  test('degrade gathers and conflates what is received, and as soon as it ends nothing does', async () => {
    site.tenant();
    const send = (of: string, data: number) =>
      site.publish('g', data, { json: { data, headers: { of } } });
    const { body: start } = await site.ask('/v1/channels/g/messages?wait=0');
    site.change({ spend: degraded });
    const { answer } = await site.hold(`/v1/channels/g/messages?wait=30&cursor=${start.cursor}`);
    for (const [of, data] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      await send(of, data);
    site.clock.advance(500);
    const { body } = await answer;
    expect(body.messages.map(({ data }: { data: number }) => data)).toEqual([2, 3]);
    expect(body.channels.g).toMatchObject({ conflated: 1 });
    site.change({ spend: undefined });
    const { body: all } = await site.ask(`/v1/channels/g/messages?wait=0&cursor=${start.cursor}`);
    expect(all.messages.map(({ data }: { data: number }) => data)).toEqual([1, 2, 3]);
  });
});
