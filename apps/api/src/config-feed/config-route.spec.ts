import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AccessStore, Authenticator } from '#access';
import { ConfigSnapshot, type Problem } from '#contracts';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let delivery: Caller;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  delivery = t.withKey(t.secrets.derive('internal').toString('hex'));
});
afterAll(() => t.stop());

const PATH = '/internal/v1/config';
const everything = async () =>
  ConfigSnapshot.parse((await delivery('GET', `${PATH}?since=0&wait=0`)).body);

/** Follows the feed as delivery does until an answer fits, then shows the whole configuration. */
async function until(
  since: number,
  fits: (snapshot: ConfigSnapshot) => boolean,
): Promise<ConfigSnapshot> {
  for (;;) {
    const snapshot = ConfigSnapshot.parse(
      (await delivery('GET', `${PATH}?since=${since}&wait=20`)).body,
    );
    if (fits(snapshot)) return everything();
    since = snapshot.version;
  }
}

describe('the configuration feed', () => {
  test('is not there for anybody but delivery: the same answer as for an unknown path', async () => {
    const strangers = [t.nobody, user.call, t.withKey(t.demo.apiKey), t.withKey('0'.repeat(64))];
    for (const call of strangers) {
      const answer = await call('GET', PATH);
      expect(answer.status).toBe(404);
      expect(answer.body.detail).toBe(
        (await call('GET', '/internal/v1/conFIG')).body.detail.replace('conFIG', 'config'),
      );
    }
  });

  test('carries keys that verify, opened signing secrets, and limits', async () => {
    const { body: made } = await user.call('POST', `/v1/apps/${user.appId}/keys`);
    const snapshot = await until(0, ({ keys }) => keys.some(({ id }) => id === made.id));
    expect(snapshot.keys.find(({ id }) => id === made.id)?.signingSecret).toBe(made.signingSecret);
    expect(snapshot.apps.find(({ id }) => id === t.demo.appId)?.limits).toEqual({});

    const store = new AccessStore({ clock: t.clock });
    store.apply(await everything());
    const authenticator = new Authenticator({
      store,
      pepper: t.secrets.derive('pepper'),
      clock: t.clock,
    });
    expect(await authenticator.authenticate(`Bearer ${made.key}`)).toMatchObject({
      appId: user.appId,
      tenantId: user.tenantId,
      keyId: made.id,
    });
  });

  test('P7: within a second of a revoked key, app, client or tenant, delivery knows', async () => {
    const { body: app } = await user.call('POST', '/v1/apps', { body: { name: 'to revoke' } });
    const { body: key } = await user.call('POST', `/v1/apps/${app.id}/keys`);
    const path = `/v1/apps/${app.id}`;
    const steps: [string, string, object | undefined, (snapshot: ConfigSnapshot) => boolean][] = [
      [
        'POST',
        `${path}/revocations`,
        { clientId: 'alice' },
        (s) => s.revocations.some(({ value }) => value === 'alice'),
      ],
      [
        'DELETE',
        `${path}/keys/${key.id}`,
        undefined,
        (s) => s.keys.some(({ id, revokedAt }) => id === key.id && revokedAt !== null),
      ],
      [
        'DELETE',
        path,
        undefined,
        (s) => s.apps.some(({ id, status }) => id === app.id && status === 'revoked'),
      ],
    ];
    for (const [method, url, body, fits] of steps) {
      const { version } = await everything();
      const waiting = until(version, fits);
      const answer = await user.call(method, url, body === undefined ? {} : { body });
      expect(answer.status).toBeLessThan(300);
      const answered = performance.now();
      await waiting;
      expect(performance.now() - answered).toBeLessThan(1000);
    }
  });

  test('a key whose grace runs carries its end; a rotated one without grace is revoked', async () => {
    const keys = `/v1/apps/${user.appId}/keys`;
    const { body: graceful } = await user.call('POST', keys);
    await user.call('POST', `${keys}/${graceful.id}/rotate`, { body: { graceSeconds: 60 } });
    const { body: hard } = await user.call('POST', keys);
    await user.call('POST', `${keys}/${hard.id}/rotate`);
    const { keys: rows } = await until(0, (s) =>
      s.keys.some(({ id, revokedAt }) => id === hard.id && revokedAt !== null),
    );
    expect(rows.find(({ id }) => id === graceful.id)?.expiresAt).toBeGreaterThan(t.clock.now());
  });

  test('a suspended tenant’s apps are refused by delivery, and taken again when it is active', async () => {
    const operator = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
    const call = t.withCookie(String(operator.headers['set-cookie']).split(';', 1)[0]!);
    const { body: made } = await user.call('POST', `/v1/apps/${user.appId}/keys`);
    for (const [status, expected] of [
      ['suspended', 'revoked'],
      ['active', 'active'],
    ]) {
      await call('PATCH', `/v1/operator/tenants/${user.tenantId}`, { body: { status } });
      const store = new AccessStore({ clock: t.clock });
      store.apply(
        await until(0, (s) =>
          s.apps.some((app) => app.id === user.appId && app.status === expected),
        ),
      );
      const authenticator = new Authenticator({
        store,
        pepper: t.secrets.derive('pepper'),
        clock: t.clock,
      });
      const outcome = await Promise.resolve()
        .then(() => authenticator.authenticate(`Bearer ${made.key}`))
        .then(
          () => 'active',
          (problem: Problem) => problem.code,
        );
      expect(outcome).toBe(expected);
    }
  });

  test('a bad query is refused', async () => {
    for (const query of ['since=-1', 'since=x', 'wait=26'])
      expect((await delivery('GET', `${PATH}?${query}`)).status).toBe(400);
  });
});
