import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES } from '#contracts';
import { BODIES, fill, furnish, MEMBER_ROUTES, type Ids } from '../testing/furnished-tenant.js';
import { everyRow } from '../testing/every-row.js';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let ids: Ids;
let operatorCookie: string;
let lookCookie: string;
/** The operator's browser while it looks at the tenant. */
let looking: Caller;
const reason = 'They asked why a key is refused.';

const cookieOf = (answer: { headers: Record<string, unknown> }) =>
  String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';

const begin = (tenantId: string) =>
  t.withCookie(operatorCookie)('POST', `/v1/operator/tenants/${tenantId}/impersonate`, {
    body: { reason },
  });

beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  ids = await furnish(t.database, user, 'theirs');
  operatorCookie = cookieOf(
    await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator }),
  );
  lookCookie = cookieOf(await begin(user.tenantId));
  looking = t.withCookie(`${operatorCookie}; ${lookCookie}`);
});
afterAll(() => t.stop());

describe('an operator who looks at a tenant', () => {
  test('sees what the tenant sees, as a viewer, and until when', async () => {
    const { body } = await looking('GET', '/v1/me');
    expect(body).toMatchObject({
      user: null,
      key: null,
      role: 'viewer',
      tenant: { id: user.tenantId },
      impersonation: { operator: t.demo.operator.email },
    });
    expect(Date.parse(body.impersonation.endsAt) - t.clock.now()).toBeGreaterThan(29 * 60_000);
    const apps = await looking('GET', '/v1/apps');
    expect(apps.body.data).toMatchObject([{ id: user.appId }]);
  });

  test('goes before the browser’s own session, which is there again afterwards', async () => {
    const other = await t.signUp();
    const both = t.withCookie(`${other.cookie}; ${operatorCookie}; ${lookCookie}`);
    expect((await both('GET', '/v1/me')).body.tenant.id).toBe(user.tenantId);
    const only = t.withCookie(`${other.cookie}; ${operatorCookie}`);
    expect((await only('GET', '/v1/me')).body.tenant.id).toBe(other.tenantId);
  });

  test('changes nothing, whichever route is asked', async () => {
    const before = await everyRow(t.database);
    for (const [name, route] of MEMBER_ROUTES) {
      const body = BODIES[name];
      const answer = await looking(
        route.method,
        fill(route.path, ids),
        body === undefined ? {} : { body },
      );
      // Delivery is asked whether a credential may do something, and changes nothing.
      if (route.method === 'GET' || name === 'can') continue;
      expect([name, answer.status]).toEqual([name, 403]);
    }
    expect(await everyRow(t.database)).toEqual(before);
  });

  test('sees no message: the console is closed', async () => {
    const { status, body } = await looking('POST', fill(CONTROL_ROUTES.consoleToken.path, ids));
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });

  test('nor in what was sent to a webhook', async () => {
    const path = `/v1/webhooks/${ids.webhook}/deliveries/${ids.delivery}`;
    await t.database.asSystem((tx) =>
      tx.webhookAttempt.create({
        data: {
          ...{ tenantId: user.tenantId, deliveryId: ids.delivery, round: 0 },
          ...{ number: 1, at: new Date(t.clock.now()), durationMs: 5, status: 200 },
          request: { url: 'https://example.com/', headers: {}, body: 'between us' },
          response: { headers: {}, body: 'between us too', cut: false },
        },
      }),
    );
    expect(JSON.stringify((await user.call('GET', path)).body)).toContain('between us too');
    const { status, body } = await looking('GET', path);
    expect([status, body.log[0].status]).toEqual([200, 200]);
    expect(JSON.stringify(body)).not.toContain('between us');
  });

  test('P5: reaches no other tenant by it', async () => {
    const other = await t.signUp();
    expect((await looking('GET', `/v1/apps/${other.appId}`)).status).toBe(404);
  });

  test('stands in the tenant’s audit log with the reason, and the end of it too', async () => {
    const answer = await looking('DELETE', '/v1/operator/impersonation');
    expect(answer.status).toBe(204);
    expect(String(answer.headers['set-cookie'])).toContain('holdline_look=;');
    const { body } = await user.call('GET', '/v1/audit');
    expect(body.data.slice(0, 2)).toMatchObject([
      { action: 'impersonation.ended', actor: expect.stringMatching(/^opr_/) },
      {
        action: 'impersonation.began',
        after: { reason, endsAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      },
    ]);
  });

  test.each(['looks at another tenant', 'signs out'])('has ended it too who %s', async (how) => {
    const { call, tenantId } = await t.signUp();
    const look = cookieOf(await begin(tenantId));
    const browser = t.withCookie(`${operatorCookie}; ${look}`);
    const [path, body] =
      how === 'signs out'
        ? ['/v1/operator/logout', {}]
        : [`/v1/operator/tenants/${user.tenantId}/impersonate`, { reason }];
    expect((await browser('POST', path, { body })).status).toBeLessThan(300);
    const { body: log } = await call('GET', '/v1/audit');
    expect(log.data[0]).toMatchObject({ action: 'impersonation.ended', target: tenantId });
  });
});

describe('the cookie by which an operator looks', () => {
  test('is worth nothing alone, with another operator’s, or changed', async () => {
    const [, value = ''] = lookCookie.split('=');
    const [operator, tenant, end, mac] = value.split('.');
    const changed = [
      `${operator}.${(await t.signUp()).tenantId}.${end}.${mac}`,
      `${operator}.${tenant}.${Number(end) + 1}.${mac}`,
      `opr_other.${tenant}.${end}.${mac}`,
      `${operator}.${tenant}.${end}`,
    ];
    expect((await t.withCookie(lookCookie)('GET', '/v1/me')).status).toBe(401);
    for (const text of changed) {
      const call = t.withCookie(`${operatorCookie}; holdline_look=${text}`);
      expect((await call('GET', '/v1/me')).status).toBe(401);
    }
  });

  test('no user and no key gets one', async () => {
    const path = `/v1/operator/tenants/${user.tenantId}/impersonate`;
    for (const call of [t.nobody, user.call, t.withKey(t.demo.apiKey)])
      expect((await call('POST', path, { body: { reason } })).status).toBe(401);
  });

  test('wants a reason, and a tenant that there is', async () => {
    const call = t.withCookie(operatorCookie);
    const path = `/v1/operator/tenants/${user.tenantId}/impersonate`;
    for (const short of [' ', 'ok'])
      expect((await call('POST', path, { body: { reason: short } })).status).toBe(400);
    expect((await begin('ten_00000000000000000000')).status).toBe(404);
  });

  test('ends after half an hour', async () => {
    t.clock.advance(31 * 60_000);
    expect((await looking('GET', '/v1/me')).status).toBe(401);
  });
});
