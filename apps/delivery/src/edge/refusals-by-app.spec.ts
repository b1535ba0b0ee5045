import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { EdgeSite } from '../testing/edge-site.js';

let site: EdgeSite;
beforeAll(async () => {
  site = await new EdgeSite().start();
});
afterEach(() => {
  site.refusals.length = 0;
});
afterAll(() => site.stop());

test('a refusal is counted for the app of the credential, and for nobody where none is proved', async () => {
  site.tenant();
  const app = site.app.id;
  const token = await site.token('ann');
  await site.ask('/v1/channels/a/messages?cursor=nonsense');
  await site.ask('/v1/clients/bob/messages', { as: token });
  await site.ask('/v1/channels/a/messages', { as: `${site.key.header}x` });
  await site.ask('/v1/channels/a/messages', { as: null });
  expect(site.refusals).toEqual([
    ['invalid_cursor', app],
    ['forbidden', app],
    ['unauthenticated', null],
    ['unauthenticated', null],
  ]);
});

test('so is that of a token which was the app’s and is good no longer', async () => {
  site.tenant();
  const { world, key } = site;
  const app = site.app.id;
  const old = world.signed(key, world.claims({ iat: world.seconds - 900, exp: world.seconds - 1 }));
  const good = world.signed(key, world.claims({ clientId: 'ann' }));
  world.revoke(app, 'client', 'ann');
  for (const token of [old, old, good]) {
    await site.ask('/v1/channels/a/messages', { as: `Bearer ${token}` });
  }
  expect(site.refusals).toEqual([
    ['token_expired', app],
    ['token_expired', app],
    ['revoked', app],
  ]);
});
