import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, type RouteSpec } from '#contracts';
import type { Tx } from '#database';
import {
  startTestApi,
  type Answer,
  type Caller,
  type SignedUp,
  type TestApi,
} from '../testing/test-api.js';

/** A word that stands in everything of the victim's, so that one byte of it in an answer is a leak. */
const CANARY = 'canary7f3a';

interface Ids {
  app: string;
  key: string;
  namespace: string;
  member: string;
  tenant: string;
  webhook: string;
  delivery: string;
  invoice: string;
  line: string;
  channel: string;
  position: string;
}
const NOTHING: Ids = {
  app: 'app_00000000000000000000',
  key: '000000000000',
  namespace: 'nothing',
  member: 'usr_00000000000000000000',
  tenant: 'ten_00000000000000000000',
  webhook: 'whk_00000000000000000000',
  delivery: 'whd_00000000000000000000',
  invoice: 'inv_00000000000000000000',
  line: '9',
  channel: 'nothing',
  position: '9',
};

let t: TestApi;
let victim: SignedUp;
let attacker: SignedUp;
let attackerKey: Caller;
let theirs: Ids;
let mine: Ids;

beforeAll(async () => {
  t = await startTestApi();
  victim = await t.signUp();
  attacker = await t.signUp();
  theirs = await furnish(victim, CANARY);
  mine = await furnish(attacker, 'mine');
  const admin = await attacker.call('POST', `/v1/apps/${attacker.appId}/keys`, {
    body: { capabilities: { '*': ['*', 'admin'] } },
  });
  attackerKey = t.withKey(admin.body.key);
});
afterAll(() => t.stop());

async function furnish({ call, appId, userId, tenantId }: SignedUp, name: string): Promise<Ids> {
  await call('PATCH', `/v1/apps/${appId}`, { body: { name } });
  const key = await call('POST', `/v1/apps/${appId}/keys`, { body: { name } });
  await call('PUT', `/v1/apps/${appId}/namespaces/${name}`, { body: {} });
  await call('POST', `/v1/apps/${appId}/revocations`, { body: { clientId: name } });
  const webhook = await call('POST', '/v1/webhooks', {
    body: { url: `https://example.com/${name}`, events: ['key.created'] },
  });
  const delivery = await call('POST', `/v1/webhooks/${webhook.body.id}/test`);
  const invoice = `inv_${name}`;
  await t.database.asSystem((tx) => drawInvoice(tx, invoice, tenantId, name));
  return {
    app: appId,
    key: key.body.id,
    namespace: name,
    member: userId,
    tenant: tenantId,
    webhook: webhook.body.id,
    delivery: delivery.body.id,
    invoice,
    line: '1',
    channel: name,
    position: '1',
  };
}

/** A final invoice with one line. */
async function drawInvoice(tx: Tx, id: string, tenantId: string, description: string) {
  const at = new Date(0);
  const period = { periodStart: at, periodEnd: at, wholeHours: 1, finalizesAt: at };
  await tx.invoice.create({
    data: { id, tenantId, currency: 'EUR', provider: 'invoice', ...period },
  });
  await tx.invoiceLine.create({
    data: {
      ...{ invoiceId: id, n: 1, tenantId, kind: 'base', description, amountMicro: 1n },
      ...{ periodStart: at, fromHour: at, toHour: at },
    },
  });
  await tx.invoice.update({
    where: { id },
    data: { state: 'open', number: `HL-1970-${description}`, finalizedAt: at, dueAt: at },
  });
}

/** Parameters that name nothing of anybody's by themselves. */
const FREE = ['namespace', 'line', 'channel', 'position'];

/** A body that would be taken, so that nothing but the id can be the reason for a refusal. */
const BODIES: Record<string, unknown> = {
  updateApp: { name: 'taken over' },
  createKey: {},
  rotateKey: {},
  updateKey: { allowedIps: [] },
  can: { capabilities: {}, channel: 'planted', operation: 'publish' },
  createNamespace: { name: 'planted' },
  putNamespace: {},
  updateNamespace: { presence: false },
  createRevocation: { clientId: 'x' },
  updateMember: { role: 'viewer' },
  updateWebhook: { enabled: false },
  rotateWebhook: {},
  replayWebhook: { from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' },
};

const swept = (Object.entries(CONTROL_ROUTES) as [string, RouteSpec][]).filter(
  ([, route]) => route.path.includes('{') && route.auth === 'session',
);

function fill(path: string, ids: Ids): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: keyof Ids) => ids[name]);
}

function comparable(answer: Answer) {
  const { requestId: _own, ...body } = answer.body;
  const headers = { ...answer.headers };
  for (const name of ['date', 'request-id', 'connection', 'keep-alive']) delete headers[name];
  return { status: answer.status, body, headers };
}

describe('P5: another tenant’s thing looks like one that does not exist', () => {
  test('the sweep has every route with an id in its path, and a body for each that takes one', () => {
    expect(swept.length).toBeGreaterThan(15);
    for (const [name, route] of swept)
      expect([name, name in BODIES]).toEqual([name, route.body !== undefined]);
  });

  test.each(swept)('%s', async (name, route) => {
    const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(
      ([, parameter]) => parameter as keyof Ids,
    );
    const body = BODIES[name];
    const sent = body === undefined ? {} : { body };
    for (const call of [attacker.call, attackerKey]) {
      const byKey = call === attackerKey;
      // Each id swapped by itself, then all at once.
      for (const swapped of [...parameters.map((parameter) => [parameter]), parameters]) {
        // A namespace’s name is the attacker’s own choice; it belongs to nobody by itself.
        // So are a line's number, a channel's name and a position.
        if (swapped.length === 1 && FREE.includes(swapped[0] ?? '')) continue;
        const foreign: Ids = { ...mine };
        const missing: Ids = { ...mine };
        for (const parameter of swapped) {
          foreign[parameter] = theirs[parameter];
          missing[parameter] = NOTHING[parameter];
        }
        const stolen = await call(route.method, fill(route.path, foreign), sent);
        const absent = await call(route.method, fill(route.path, missing), sent);
        const forbiddenToKeys =
          byKey && (route.path.includes('{member}') || name === 'switchTenant');
        expect([name, swapped, stolen.status]).toEqual([
          name,
          swapped,
          forbiddenToKeys ? 403 : 404,
        ]);
        expect(comparable(stolen)).toEqual(comparable(absent));
        expect(stolen.text).not.toContain(CANARY);
      }
    }
  });

  test('lists show nothing of another tenant’s, and take none of its ids as a place to go on from', async () => {
    for (const call of [attacker.call, attackerKey]) {
      for (const url of [
        '/v1/apps',
        '/v1/members',
        `/v1/apps/${mine.app}/keys`,
        `/v1/apps/${mine.app}/revocations`,
        '/v1/me',
      ]) {
        const { text } = await call('GET', url);
        for (const secret of [
          CANARY,
          theirs.app,
          theirs.key,
          theirs.tenant,
          theirs.member,
          victim.email,
        ])
          expect(text).not.toContain(secret);
      }
      const pairs = [
        ['/v1/apps', theirs.app, NOTHING.app],
        ['/v1/members', theirs.member, NOTHING.member],
        [`/v1/apps/${mine.app}/keys`, theirs.key, NOTHING.key],
      ];
      for (const [url, foreign, missing] of pairs) {
        const stolen = await call('GET', `${url}?after=${foreign}`);
        expect(stolen.status).toBe(400);
        expect(comparable(stolen)).toEqual(
          comparable(await call('GET', `${url}?after=${missing}`)),
        );
      }
    }
  });

  test('after all of this the victim’s things are as they were', async () => {
    const app = await victim.call('GET', `/v1/apps/${theirs.app}`);
    expect(app.body.name).toBe(CANARY);
    const keys = await victim.call('GET', `/v1/apps/${theirs.app}/keys`);
    expect(
      keys.body.data.map((key: { id: string; status: string }) => [key.id, key.status]),
    ).toEqual([[theirs.key, 'active']]);
    const namespaces = await victim.call('GET', `/v1/apps/${theirs.app}/namespaces`);
    expect(namespaces.body.data).toMatchObject([{ name: CANARY, presence: true }]);
    expect((await victim.call('GET', '/v1/me')).body.role).toBe('owner');
    const revocations = await victim.call('GET', `/v1/apps/${theirs.app}/revocations`);
    expect(revocations.body.data).toHaveLength(1);
  });
});
