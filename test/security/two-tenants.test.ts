import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ControlPlane, type CreatedKey } from '../support/control-plane.js';
import { channelPath, text, type DeliveryClient } from '../support/delivery-client.js';
import { ask, type Reply } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded } from '../support/wire.js';
import { MESSAGE, MISSING, NAMED, ROUTES, type Ids } from './routes-with-ids.js';

/** P5: nothing of one tenant is visible to another; another's thing looks like one that does not exist (S5). */
const site = useHoldline();

interface Party {
  readonly plane: ControlPlane;
  readonly app: string;
  readonly key: CreatedKey;
  readonly client: DeliveryClient;
  readonly namespace: string;
  readonly member: string;
  readonly webhook: string;
  /** Of a test event to its webhook. */
  readonly delivery: string;
  /** A text that only this tenant wrote. */
  readonly canary: string;
}
let ann: Party;
let bob: Party;

beforeAll(async () => {
  const party = async (): Promise<Party> => {
    const plane = await ControlPlane.signUp(site.holdline.apiUrl);
    const canary = `canary-${randomUUID()}`;
    const app = await plane.createApp(canary);
    const key = await plane.createKey(app, { name: canary, capabilities: { '*': ['*', 'admin'] } });
    await plane.create(`/v1/apps/${app}/namespaces`, { name: canary });
    const { id } = await plane.create<{ id: string }>('/v1/members', {
      email: `${canary}@example.com`,
      role: 'viewer',
    });
    const webhook = await plane.create<{ id: string }>('/v1/webhooks', {
      url: `https://${canary}.example.com/hook`,
      events: ['key.created'],
    });
    const tested = await plane.ask(`/v1/webhooks/${webhook.id}/test`, { method: 'POST' });
    succeeded(tested, 202);
    const delivery = tested.json as { id: string };
    return {
      plane,
      app,
      key,
      canary,
      client: site.client.as(key.key),
      namespace: canary,
      member: id,
      webhook: webhook.id,
      delivery: delivery.id,
    };
  };
  ann = await party();
  bob = await party();
  // Both keys have reached delivery.
  await site.client.receive('clock', { wait: 1 });
}, 60_000);

/** Everything but the id that is new for each answer, and the path that the asker typed. */
const comparable = (reply: Reply, ...typed: string[]) => ({
  status: reply.status,
  type: reply.headers['content-type'],
  cache: reply.headers['cache-control'],
  body: typed.reduce(
    (body, one) => body.replaceAll(one, 'TYPED'),
    reply.text.replace(/"requestId":"[^"]+"/, ''),
  ),
});

describe('the control plane', () => {
  const idsOf = (party: Party) => ({
    ...MESSAGE,
    app: party.app,
    key: party.key.id,
    namespace: party.namespace,
    member: party.member,
    webhook: party.webhook,
    delivery: party.delivery,
  });

  test.each(ROUTES)(
    '%s %s: the same 404, byte for byte, by cookie and by key',
    async (method, _what, path, json) => {
      const byCookie = (ids: Ids) => ann.plane.ask(path(ids), { method, json });
      const byKey = (ids: Ids) =>
        ask(site.holdline.apiUrl + path(ids), { method, json, key: ann.key.key });
      for (const tryIt of [byCookie, byKey]) {
        const foreign = await tryIt(idsOf(bob));
        const absent = await tryIt(MISSING);
        const typed = [...Object.values(idsOf(bob)), ...Object.values(MISSING)];
        expect(comparable(foreign, ...typed)).toEqual(comparable(absent, ...typed));
        if (foreign.status !== 403) refused(foreign, 404, 'not_found');
      }
    },
  );

  /** PUT is left out: under one's own app it makes what is not there. */
  const below = ROUTES.filter(
    ([method, , path]) =>
      method !== 'PUT' &&
      /\{(k|n)\}/.test(path({ ...NAMED, app: '{a}', key: '{k}', namespace: '{n}' })),
  );
  test.each(below)(
    '%s %s: another’s id under one’s own app is the same 404',
    async (method, _what, path, json) => {
      refused(
        await ann.plane.ask(path({ ...idsOf(bob), app: ann.app }), { method, json }),
        404,
        'not_found',
      );
    },
  );

  test('every route that the document lists with an id has a case here', async () => {
    const document = (await ask(`${site.holdline.apiUrl}/openapi.json`)).json as {
      paths: Record<string, Record<string, unknown>>;
    };
    const covered = new Set(ROUTES.map(([method, , path]) => `${method} ${path(NAMED)}`));
    const listed = Object.entries(document.paths)
      .filter(
        ([path]) =>
          path.includes('{') &&
          !path.startsWith('/v1/operator') &&
          // One's own account is of a person: it asks for the password first, whatever the id.
          !path.startsWith('/v1/account/') &&
          // An invoice takes a month to come about: api's own isolation test has one of each tenant.
          !path.startsWith('/v1/billing/invoices/') &&
          path !== '/v1/tenants/{tenant}/switch',
      )
      .flatMap(([path, item]) =>
        Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
      );
    expect(listed.filter((route) => !covered.has(route))).toEqual([]);
  });

  test('another’s tenant cannot be switched to, and no operator route answers a member or a key', async () => {
    const me = (await bob.plane.ask('/v1/me')).json as { tenant: { id: string } };
    const foreign = await ann.plane.ask(`/v1/tenants/${me.tenant.id}/switch`, { method: 'POST' });
    const absent = await ann.plane.ask('/v1/tenants/ten_00000000000000000000/switch', {
      method: 'POST',
    });
    expect(comparable(foreign, me.tenant.id, 'ten_00000000000000000000')).toEqual(
      comparable(absent, me.tenant.id, 'ten_00000000000000000000'),
    );
    for (const reply of [
      await ann.plane.ask('/v1/operator/tenants'),
      await ask(`${site.holdline.apiUrl}/v1/operator/tenants`, { key: ann.key.key }),
      await ann.plane.ask(`/v1/operator/tenants/${me.tenant.id}`, {
        method: 'PATCH',
        json: { status: 'suspended' },
      }),
    ]) {
      expect([401, 403, 404]).toContain(reply.status);
    }
  });

  test('no list shows anything of the other, and everything of the other is as it was', async () => {
    for (const path of [
      '/v1/apps',
      '/v1/members',
      '/v1/me',
      '/v1/limits',
      `/v1/apps/${ann.app}/keys`,
      `/v1/apps/${ann.app}/namespaces`,
    ]) {
      expect((await ann.plane.ask(path)).text).not.toContain(bob.canary + '@');
      expect((await ann.plane.ask(path)).text).not.toContain(bob.app);
    }
    expect((await bob.plane.ask(`/v1/apps/${bob.app}`)).json).toMatchObject({ name: bob.canary });
    expect(
      (await bob.plane.list<{ id: string; status: string }>(`/v1/apps/${bob.app}/keys`)).find(
        (one) => one.id === bob.key.id,
      )?.status,
    ).toBe('active');
    expect(
      (await bob.plane.ask(`/v1/apps/${bob.app}/namespaces/${bob.namespace}`)).json,
    ).toMatchObject({ presence: true });
    expect(
      (await bob.plane.list<{ id: string; role: string }>('/v1/members')).find(
        (one) => one.id === bob.member,
      )?.role,
    ).toBe('viewer');
  });

  test('a body cannot name another tenant, role or id (mass assignment)', async () => {
    const me = (await bob.plane.ask('/v1/me')).json as { tenant: { id: string } };
    const extra = {
      tenantId: me.tenant.id,
      tenant_id: me.tenant.id,
      id: 'app_mine',
      role: 'operator',
      limits: null,
    };
    for (const [name, value] of Object.entries(extra)) {
      refused(
        await ann.plane.ask('/v1/apps', { json: { name: 'x', [name]: value } }),
        400,
        'invalid_request',
      );
      refused(
        await ann.plane.ask(`/v1/apps/${ann.app}/keys`, { json: { [name]: value } }),
        400,
        'invalid_request',
      );
    }
    const overrides: Record<string, string>[] = [
      { 'x-tenant-id': me.tenant.id },
      { 'x-http-method-override': 'DELETE' },
      { 'x-original-url': `/v1/apps/${bob.app}` },
    ];
    for (const headers of overrides) {
      const reply = await ann.plane.ask(`/v1/apps/${ann.app}`, { headers });
      expect(reply.json).toMatchObject({ id: ann.app });
    }
  });
});

describe('the data plane', () => {
  const CHANNEL = 'same-name';

  test('a channel of the same name is another channel: to receive, to page, to poll', async () => {
    await bob.client.publish(CHANNEL, { data: bob.canary, id: 'same-id' });
    const mine = await ann.client.publish(CHANNEL, { data: ann.canary, id: 'same-id' });
    expect(mine.messages[0]?.duplicate).toBeUndefined();
    const replies = [
      await ann.client.ask(channelPath(CHANNEL, { from: 'start', wait: 0 })),
      await ann.client.ask(channelPath(CHANNEL, {}, 'history')),
      await ann.client.ask(`/v1/messages${text({ channel: [CHANNEL], from: 'start', wait: 0 })}`),
      await ann.client.ask('/v1/poll', {
        json: { subscriptions: [{ channels: [CHANNEL] }], from: 'start', wait: 0 },
      }),
    ];
    for (const reply of replies) {
      expect(reply.text).toContain(ann.canary);
      expect(reply.text).not.toContain(bob.canary);
    }
  });

  test('a hold is not ended by the other’s message', async () => {
    const hold = ann.client.hold('apart', { wait: 2 });
    await site.client.settle();
    await bob.client.publish('apart', { data: bob.canary });
    expect((await hold.reply).json).toMatchObject({ timedOut: true, messages: [] });
  });

  test('the other’s cursor is refused as any forged one is', async () => {
    const { cursor } = await bob.client.publish('cursor', { data: 1 });
    const foreign = await ann.client.ask(channelPath('cursor', { cursor, wait: 0 }));
    const forged = await ann.client.ask(
      channelPath('cursor', { cursor: cursor.slice(0, -4) + 'AAAA', wait: 0 }),
    );
    refused(foreign, 400, 'invalid_cursor');
    expect(comparable(foreign)).toEqual(comparable(forged));
  });

  test('ifPosition tells nothing about the other’s channel', async () => {
    await bob.client.publish('positions', [{ data: 1 }, { data: 2 }]);
    expect(
      (await ann.client.publish('positions', { data: 1, ifPosition: 0 })).messages,
    ).toHaveLength(1);
  });

  test('revoking a client of one’s own leaves the other’s client of that name alone', async () => {
    const token = await bob.client.token({ clientId: 'common' });
    await ann.plane.create(`/v1/apps/${ann.app}/revocations`, { clientId: 'common' });
    await site.client.receive('clock', { wait: 1 });
    await bob.client.as(token).receive('anything');
  });
});

describe('verbs and paths', () => {
  test.each([
    '/v1/apps/../operator/tenants',
    '/v1/%2e%2e/v1/apps',
    '//v1/apps',
    '/V1/apps',
    '/v1//apps',
    '/v1/apps/',
    '/v1/apps;x',
    '/v1/apps%00',
    '/v1/apps%2f..%2fmembers',
    '/internal/v1/config?since=0',
    '/internal/v1/config',
  ])('%s leads nowhere without a credential', async (path) => {
    const { hostname, port } = new URL(site.holdline.apiUrl);
    const reply = await ask(`http://${hostname}:${port}${path}`);
    expect([400, 401, 404]).toContain(reply.status);
    const withKey = await ask(site.holdline.apiUrl + path, { key: ann.key.key });
    expect(withKey.text).not.toContain(bob.canary);
    expect(withKey.text).not.toMatch(/secretHash|signingSecret/);
  });
});
