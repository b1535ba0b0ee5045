import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CanAnswer, type CanBody, CanQuestion, type Capabilities } from '#contracts';
import { EdgeSite } from '../testing/edge-site.js';
import { canRoute } from './can.js';

let site: EdgeSite;
beforeAll(async () => {
  site = await new EdgeSite().start();
  site.tenant();
});
afterAll(() => site.stop());

function can(ask: Partial<CanBody>, app = site.app.id): Promise<CanAnswer> {
  const { store, authenticator } = site.world;
  const { answer } = canRoute({ store, authenticator, clock: site.clock });
  const question = { app, ask: { channel: 'room:1', operation: 'publish', ...ask } };
  return answer(CanQuestion.parse(question) as never) as Promise<CanAnswer>;
}

/** What the route that does it says. */
const ROUTES: Record<string, (channel: string, as: string) => Promise<{ status: number }>> = {
  publish: (channel, as) => site.publish(channel, 1, { as }),
  subscribe: (channel, as) => site.ask(`/v1/channels/${channel}/messages?wait=0`, { as }),
  history: (channel, as) => site.ask(`/v1/channels/${channel}/history`, { as }),
  presence: (channel, as) => site.ask(`/v1/channels/${channel}/presence`, { as }),
};

const SETS: Capabilities[] = [
  {},
  { '*': ['*'] },
  { '*': ['subscribe'] },
  { 'room:*': ['publish', 'history'] },
  { 'room:1': ['*'], 'keys:*': ['publish'] },
  { 'quiet:*': ['presence'], 'inbox:*': ['*'] },
];
const CHANNELS = ['room:1', 'rooms', 'keys:a', 'quiet:a', 'inbox:bob', 'reply:x'];

describe('whether a credential may', () => {
  test('is what the routes themselves say, for keys and for tokens made with them', async () => {
    const rules = {
      ...{ retentionSeconds: 60, retentionMessages: null, persistence: true },
      ...{ maxMessageBytes: 1000, appId: site.app.id, deleted: false },
    };
    const version = site.world.version + 1;
    site.world.apply({
      namespaces: [
        { ...rules, name: 'keys', publishers: 'keys', presence: true, version },
        { ...rules, name: 'quiet', publishers: 'anyone', presence: false, version },
      ],
    });
    for (const capabilities of SETS) {
      const key = site.world.addKey(site.app.id, { capabilities });
      const claims = site.world.claims({ clientId: 'ann' });
      const token = site.world.signed(key, claims);
      for (const channel of CHANNELS) {
        for (const [operation, ask] of Object.entries(ROUTES)) {
          // Point to point has routes of its own: see below.
          if (channel === 'inbox:bob' && (operation === 'publish' || operation === 'subscribe'))
            continue;
          const what = { channel, operation: operation as CanBody['operation'] };
          const answers = [
            [await ask(channel, key.header), await can({ ...what, keyId: key.row.id })],
            [await ask(channel, key.header), await can({ ...what, capabilities })],
            [await ask(channel, `Bearer ${token}`), await can({ ...what, token })],
            [
              await ask(channel, `Bearer ${token}`),
              await can({ ...what, keyId: key.row.id, clientId: 'ann' }),
            ],
          ] as const;
          for (const [done, told] of answers) {
            expect([capabilities, what, told.allowed]).toEqual([
              capabilities,
              what,
              done.status !== 403,
            ]);
          }
        }
      }
    }
  });

  test('an inbox is sent to by who may publish there, and read by its own client or a key that may', async () => {
    const inbox = { channel: 'inbox:bob' };
    const all = { '*': ['*'] } as Capabilities;
    const asked = [
      { operation: 'publish', capabilities: all },
      { operation: 'publish', capabilities: {} },
      { operation: 'subscribe', capabilities: all },
      { operation: 'subscribe', capabilities: all, clientId: 'ann' },
      { operation: 'subscribe', capabilities: {}, clientId: 'bob' },
    ] as const;
    const told = await Promise.all(asked.map((ask) => can({ ...inbox, ...ask })));
    expect(told.map(({ allowed }) => allowed)).toEqual([true, false, true, false, true]);
    for (const { because } of told) expect(because).toMatch(/\/v1\/clients\/|inbox|publish/);
  });

  test('names the pattern that allows it, and what is missing where nothing does', async () => {
    const capabilities = { 'room:*': ['publish'], '*': ['history'] } as Capabilities;
    expect((await can({ capabilities })).because).toContain('"room:*"');
    expect((await can({ capabilities, operation: 'subscribe' })).because).toContain(
      'may not subscribe on the channel "room:1"',
    );
    expect(await can({ capabilities, operation: 'admin' })).toMatchObject({ allowed: false });
    const admin = { '*': ['admin'] } as Capabilities;
    expect(await can({ capabilities: admin, operation: 'admin' })).toMatchObject({ allowed: true });
    expect(await can({ capabilities: admin, operation: 'admin', clientId: 'ann' })).toMatchObject({
      allowed: false,
    });
  });

  test('is no for what was revoked or has expired, in the words that a request is told', async () => {
    const { world } = site;
    const key = world.addKey(site.app.id);
    const claims = (rest: Record<string, unknown>) => world.signed(key, world.claims(rest));
    const expired = claims({ iat: world.seconds - 700, exp: world.seconds - 100 });
    expect((await can({ token: expired })).because).toContain('expired');
    const alive = claims({ jti: 't1' });
    expect((await can({ token: alive })).allowed).toBe(true);
    world.revoke(site.app.id, 'token', 't1');
    expect(await can({ token: alive })).toEqual({
      allowed: false,
      because: 'This token was revoked.',
    });
    world.change(key.row, { revokedAt: world.now });
    expect(await can({ keyId: key.row.id })).toMatchObject({ allowed: false });
    expect((await can({ keyId: key.row.id })).because).toContain('revoked');
  });

  test('P5: keys and tokens of another app say nothing here', async () => {
    const other = site.world.addApp('other-app');
    const key = site.world.addKey(other.id);
    const token = site.world.signed(key);
    const unknown = await can({ keyId: '000000000000' });
    expect(unknown.allowed).toBe(false);
    expect(await can({ keyId: key.row.id })).toEqual(unknown);
    expect(await can({ token })).toMatchObject({ allowed: false });
    expect(await can({ token }, other.id)).toMatchObject({ allowed: true });
  });
});
