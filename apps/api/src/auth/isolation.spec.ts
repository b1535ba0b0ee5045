import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  BODIES,
  fill,
  furnish,
  MEMBER_ROUTES,
  NOTHING,
  type Ids,
} from '../testing/furnished-tenant.js';
import {
  startTestApi,
  type Answer,
  type Caller,
  type SignedUp,
  type TestApi,
} from '../testing/test-api.js';

/** A word that stands in everything of the victim's, so that one byte of it in an answer is a leak. */
const CANARY = 'canary7f3a';

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
  theirs = await furnish(t.database, victim, CANARY);
  mine = await furnish(t.database, attacker, 'mine');
  const admin = await attacker.call('POST', `/v1/apps/${attacker.appId}/keys`, {
    body: { capabilities: { '*': ['*', 'admin'] } },
  });
  attackerKey = t.withKey(admin.body.key);
});
afterAll(() => t.stop());

/** Parameters that name nothing of anybody's by themselves. */
const FREE = ['namespace', 'line', 'channel', 'position'];

const swept = MEMBER_ROUTES.filter(([, route]) => route.path.includes('{'));
/** All that can be read of one's own: none of it has anything of another tenant's in it. */
const listed = MEMBER_ROUTES.filter(([, route]) => route.method === 'GET');

function comparable(answer: Answer) {
  const { requestId: _own, ...body } = answer.body;
  const headers = { ...answer.headers };
  for (const name of ['date', 'request-id', 'connection', 'keep-alive']) delete headers[name];
  return { status: answer.status, body, headers };
}

describe('P5: another tenant’s thing looks like one that does not exist', () => {
  test('the sweep has every route with an id in its path, and a body for each that takes one', () => {
    expect(swept.length).toBeGreaterThan(15);
    for (const [name, route] of MEMBER_ROUTES)
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
          byKey && (/\{(member|passkey)\}/.test(route.path) || name === 'switchTenant');
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

  test('no page of one’s own shows anything of another tenant’s, and no list takes any of its ids as a place to go on from', async () => {
    for (const call of [attacker.call, attackerKey]) {
      for (const [, route] of listed) {
        const { text } = await call('GET', fill(route.path, mine));
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
