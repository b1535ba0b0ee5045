import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_LIMIT_NAMES, LIMITS, PLAN_LIMIT_NAMES, type ControlLimitName } from '#contracts';
import { startTestApi, type Answer, type SignedUp, type TestApi } from '../testing/test-api.js';
import { LimitEventFeed } from './limit-event-feed.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t?.stop());

const limit = (tenantId: string, limits: object) =>
  t.database.asSystem((tx) => tx.tenant.update({ where: { id: tenantId }, data: { limits } }));

interface Drive {
  readonly max: number;
  /** One more of it: the `n`th call. */
  readonly use: (user: SignedUp, n: number) => Promise<Answer>;
  /** How many there are when the tenant has just signed up. */
  readonly already: number;
}

const DRIVES: Record<ControlLimitName, Drive> = {
  apps: {
    max: 3,
    already: 1,
    use: ({ call }, n) => call('POST', '/v1/apps', { body: { name: `a${n}` } }),
  },
  keys: { max: 2, already: 0, use: ({ call, appId }) => call('POST', `/v1/apps/${appId}/keys`) },
  namespaces: {
    max: 2,
    already: 0,
    use: ({ call, appId }, n) =>
      call('POST', `/v1/apps/${appId}/namespaces`, { body: { name: `n${n}` } }),
  },
  revocations: {
    max: 2,
    already: 0,
    use: ({ call, appId }, n) =>
      call('POST', `/v1/apps/${appId}/revocations`, { body: { clientId: `c${n}` } }),
  },
  members: {
    max: 2,
    already: 1,
    use: ({ call }, n) =>
      call('POST', '/v1/members', {
        body: { email: `m${n}-${Math.trunc(t.clock.now())}@example.com`, role: 'viewer' },
      }),
  },
};

describe('P8: every limit that the control plane counts admits exactly its maximum, and says so', () => {
  test('none of them is left out of this table', () => {
    expect(Object.keys(DRIVES).sort()).toEqual([...CONTROL_LIMIT_NAMES].sort());
  });

  test.each(CONTROL_LIMIT_NAMES)('%s, also when many come at once', async (name) => {
    const { max, use, already } = DRIVES[name];
    const user = await t.signUp();
    await limit(user.tenantId, { [name]: max });
    const all = await Promise.all(Array.from({ length: max + 2 }, (_none, n) => use(user, n)));
    expect(all.filter(({ status }) => status < 300)).toHaveLength(max - already);
    for (const refused of all.filter(({ status }) => status >= 300)) {
      expect(refused.status).toBe(402);
      expect(refused.body).toMatchObject({
        code: 'quota_exceeded',
        limit: { name, scope: LIMITS[name].scope, max, used: max, resetAt: null },
      });
      expect(refused.headers['ratelimit-policy']).toBe(`"${name}";q=${max}`);
      expect(refused.headers['ratelimit']).toBe(`"${name}";r=0`);
    }
  });
});

describe('GET /v1/limits', () => {
  test('shows every limit of a plan, what is counted here, and what delivery tells', async () => {
    const user = await t.signUp();
    await limit(user.tenantId, { apps: 5, holds_tenant: 7 });
    t.delivery.answer = ({ url }) => {
      expect(url).toContain(`/internal/limits?tenant=${user.tenantId}`);
      const limits = [{ name: 'holds_tenant', max: 7, used: 3, resetAt: null, of: null }];
      return { status: 200, body: { limits } };
    };
    const { body } = await user.call('GET', '/v1/limits');
    t.delivery.answer = null;
    expect(body.note).toBeUndefined();
    expect(body.limits.map(({ name }: { name: string }) => name)).toEqual(PLAN_LIMIT_NAMES);
    const of = (name: string) => body.limits.find((one: { name: string }) => one.name === name);
    expect(of('apps')).toMatchObject({ max: 5, used: 1, scope: 'tenant', kind: 'count' });
    expect(of('holds_tenant')).toMatchObject({ max: 7, used: 3 });
    expect(of('holds_app')).toMatchObject({ max: null, used: null });
    expect(of('message_bytes').max).toBe(LIMITS.message_bytes.ceiling);
  });

  test('while delivery is away it says so, and shows the maxima', async () => {
    const user = await t.signUp();
    const { status, body } = await user.call('GET', '/v1/limits');
    expect(status).toBe(200);
    expect(body.note).toContain('delivery');
    const holds = body.limits.find(({ name }: { name: string }) => name === 'holds_key');
    expect(holds).toMatchObject({ max: 10_000, used: null });
  });

  test('the tenant’s own go before its plan’s, null lifts them, and a key’s own narrow both', async () => {
    const user = await t.signUp();
    await t.database.asSystem(async (tx) => {
      const limits = { holds_key: 10, holds_app: 20, publishes_per_second_key: 30 };
      await tx.plan.create({ data: { id: 'plan_limits_spec', name: 'x', limits } });
      await tx.tenant.update({
        where: { id: user.tenantId },
        data: { planId: 'plan_limits_spec', limits: { holds_key: 50, holds_app: null } },
      });
    });
    expect((await user.call('GET', '/v1/limits')).body.plan).toEqual({
      holds_key: 50,
      publishes_per_second_key: 30,
    });
    const own = { holds_key: 4, publishes_per_second_key: 900 };
    const { body: key } = await user.call('POST', `/v1/apps/${user.appId}/keys`, {
      body: { limits: own },
    });
    expect(key.limits).toEqual(own);
    const path = `/v1/limits?app=${user.appId}&key=${key.id}`;
    expect((await user.call('GET', path)).body.plan).toEqual({
      holds_key: 4,
      publishes_per_second_key: 30,
    });
    const changed = await user.call('PATCH', `/v1/apps/${user.appId}/keys/${key.id}`, {
      body: { limits: {} },
    });
    expect(changed.body.limits).toEqual({});
    const stranger = await t.signUp();
    expect((await stranger.call('GET', path)).status).toBe(404);
  });

  test('a limit that a key cannot have by itself, or that there is not, is refused', async () => {
    const user = await t.signUp();
    for (const limits of [{ holds_tenant: 3 }, { nonsense: 1 }, { holds_key: 0 }]) {
      const answer = await user.call('POST', `/v1/apps/${user.appId}/keys`, { body: { limits } });
      expect(answer.status).toBe(400);
    }
  });
});

test('what happened to limits is fetched from delivery, and a tenant that is gone stops nobody', async () => {
  const user = await t.signUp();
  const event = (tenantId: string) => ({
    type: 'limit.reached',
    name: 'holds_key',
    tenantId,
    appId: user.appId,
    subject: 'k',
    max: 1,
    used: 1,
    at: new Date(0).toISOString(),
    resetAt: null,
    key: 'limit.reached:holds_key',
  });
  t.delivery.answer = () => ({
    status: 200,
    body: { events: [event('ten_gone'), event(user.tenantId)] },
  });
  const feed = t.api.app.get(LimitEventFeed);
  await feed.poll();
  await feed.poll();
  t.delivery.answer = null;
  await expect(feed.poll()).rejects.toMatchObject({ code: 'unavailable' });
});
