import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Role, RouteSpec } from '#contracts';
import {
  BODIES,
  fill,
  furnish,
  isOwnAccount,
  MEMBER_ROUTES,
  NOTHING,
  type Ids,
  type RouteName,
} from '../testing/furnished-tenant.js';
import { everyRow } from '../testing/every-row.js';
import {
  PASSWORD,
  startTestApi,
  type Caller,
  type SignedUp,
  type TestApi,
} from '../testing/test-api.js';

let t: TestApi;
let owner: SignedUp;
let ids: Ids;
const members = new Map<Role, Caller>();

beforeAll(async () => {
  t = await startTestApi();
  owner = await t.signUp();
  ids = await furnish(t.database, owner, 'theirs');
  for (const role of ['developer', 'billing', 'viewer'] as const)
    members.set(role, await join(role));
});
afterAll(() => t.stop());

async function join(role: Role): Promise<Caller> {
  const body = { email: `${role}@example.com`, role, password: PASSWORD };
  await owner.call('POST', '/v1/members', { body });
  return logIn(body);
}

async function logIn({ email, password }: { email: string; password: string }): Promise<Caller> {
  const answer = await t.nobody('POST', '/v1/login', { body: { email, password } });
  return t.withCookie(String(answer.headers['set-cookie']).split(';', 1)[0] ?? '');
}

function ask(role: Role, [name, route]: [RouteName, RouteSpec], named: Ids) {
  const body = BODIES[name];
  const call = members.get(role) as Caller;
  return call(route.method, fill(route.path, named), body === undefined ? {} : { body });
}

/** One's own account is changed by whoever it is, in every role. */
const writes = MEMBER_ROUTES.filter(([, route]) => route.method !== 'GET' && !isOwnAccount(route));

/** What a viewer may ask for although it is no GET: it only helps to look. */
const ONLY_LOOKS: readonly RouteName[] = ['consoleToken', 'can', 'startTrace'];

/** Who is refused what, written down once more: a route that gets another need fails here. */
const REFUSED: Record<'developer' | 'billing', readonly RouteName[]> = {
  developer: [
    ...(['addMember', 'updateMember', 'removeMember'] as const),
    ...(['putPlan', 'checkout', 'billingPortal', 'putBudget', 'deleteBudget'] as const),
  ],
  billing: [
    ...(['createApp', 'updateApp', 'deleteApp'] as const),
    ...(['createKey', 'updateKey', 'rotateKey', 'revokeKey'] as const),
    ...(['createNamespace', 'putNamespace', 'updateNamespace', 'deleteNamespace'] as const),
    'createRevocation',
    ...(['createWebhook', 'updateWebhook', 'deleteWebhook'] as const),
    ...(['rotateWebhook', 'testWebhook', 'replayWebhook'] as const),
    ...(['addMember', 'updateMember', 'removeMember'] as const),
  ],
};

describe('a viewer changes nothing', () => {
  test('the fingerprint of the database sees a change of one row, and none where none is', async () => {
    const before = await everyRow(t.database);
    expect(Object.keys(before).length).toBeGreaterThan(30);
    expect(await everyRow(t.database)).toEqual(before);
    await owner.call('PATCH', `/v1/apps/${ids.app}`, { body: { name: 'renamed' } });
    const after = await everyRow(t.database);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed).toContain('app');
  });

  test.each(writes.filter(([name]) => name !== 'switchTenant'))('%s', async (...route) => {
    const before = await everyRow(t.database);
    const { status, body } = await ask('viewer', route, ids);
    if (!ONLY_LOOKS.includes(route[0])) {
      expect(status).toBe(403);
      expect(body.detail).toContain('you act as viewer');
    }
    expect(await everyRow(t.database)).toEqual(before);
  });

  test('switching to another tenant changes the viewer’s own session, and is told in the audit log', async () => {
    const before = await everyRow(t.database);
    const call = await join('viewer');
    const { status } = await call('POST', `/v1/tenants/${ids.tenant}/switch`);
    expect(status).toBe(200);
    const after = await everyRow(t.database);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.sort()).toEqual(['audit_entry', 'audit_head', 'session']);
  });

  test('nor does anything that is only read', async () => {
    const before = await everyRow(t.database);
    for (const route of MEMBER_ROUTES) {
      if (route[1].method !== 'GET') continue;
      const { status } = await ask('viewer', route, ids);
      // What only delivery knows cannot be told here, where there is none.
      expect([route[0], [200, 404, 503].includes(status)]).toEqual([route[0], true]);
    }
    expect(await everyRow(t.database)).toEqual(before);
  });
});

describe('who may do what', () => {
  test.each(['developer', 'billing'] as const)('%s', async (role) => {
    const refused: RouteName[] = [];
    for (const route of writes) {
      const { status } = await ask(role, route, NOTHING);
      if (status === 403) refused.push(route[0]);
    }
    expect(refused.sort()).toEqual([...REFUSED[role]].sort());
  });
});
