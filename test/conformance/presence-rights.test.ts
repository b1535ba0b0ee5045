import { beforeAll, describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { leftIn, memberPath, PresenceClient } from '../support/presence.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Protocol, "Presence": who may, and what is refused. */
const site = useSharedHoldline();
const at = (channel: string) => new PresenceClient(site.client, channel);
const withToken = async (body: Record<string, unknown>, channel: string) =>
  new PresenceClient(site.client.as(await site.client.token(body)), channel);

describe('rights', () => {
  test('without the capability `presence`: refused everywhere, and the refusal names it', async () => {
    const room = await withToken(
      { clientId: 'ann', capabilities: { '*': ['subscribe', 'publish', 'history'] } },
      'rights',
    );
    const replies = [
      await room.tryPut('ann'),
      await room.tryLeave('ann'),
      await room.tryList(),
      await room.watch({ wait: 0 }).reply,
      await room.poll(null, { wait: 0 }).reply,
      await room.poll(null, { wait: 0, presence: undefined, presenceEvents: true }).reply,
    ];
    for (const reply of replies) {
      expect(refused(reply, 403, 'forbidden')).toMatchObject({
        capability: { operation: 'presence', channel: 'rights' },
      });
    }
    expect(await at('rights').ids()).toEqual([]);
  });

  test('presence alone does not let anybody read messages', async () => {
    const room = await withToken(
      { clientId: 'ann', capabilities: { '*': ['presence'] } },
      'rights-read',
    );
    await room.put('ann');
    refused(await room.watch({ wait: 0 }).reply, 403, 'forbidden');
  });

  test('a token speaks for its own client alone; the refusal names it', async () => {
    const room = await withToken({ clientId: 'ann' }, 'own');
    await at('own').put('bob');
    for (const reply of [await room.tryPut('bob'), await room.tryLeave('bob')])
      expect(refused(reply, 403, 'forbidden').detail).toContain('"ann"');
    await room.put('ann');
    expect(await at('own').ids()).toEqual(['ann', 'bob']);
    await room.leave('ann');
  });

  test('a token without a client, and a key, cannot be present by a poll', async () => {
    const room = await withToken({}, 'nobody');
    refused(await room.tryPut('ann'), 403, 'forbidden');
    refused(await room.poll(null, { wait: 0 }).reply, 403, 'forbidden');
    const { detail } = refused(await at('nobody').poll(null, { wait: 0 }).reply, 403, 'forbidden');
    expect(detail).toContain('PUT /v1/channels/');
  });

  test('P7: who is revoked is gone within a second', async () => {
    const key = await site.owner.createKey(site.holdline.appId);
    const client = await site.client.as(key.key).known();
    await new PresenceClient(client, 'revoked').put('bob');
    const token = client.as(await client.token({ clientId: 'ann' }));
    const held = new PresenceClient(token, 'revoked').poll(null);
    const room = at('revoked');
    while ((await room.ids()).length < 2) await site.client.receive('clock', { wait: 1 });
    const cursor = await room.cursor();
    const path = `/v1/apps/${site.holdline.appId}/keys/${key.id}`;
    succeeded(await site.owner.ask(path, { method: 'DELETE' }), 204);
    const began = performance.now();
    await room.until(cursor, (changes) => leftIn(changes).length === 2);
    // The second, and the window in which changes are gathered.
    expect(performance.now() - began).toBeLessThan(2500);
    refused(await held.reply, 401, 'revoked');
  });
});

describe('a namespace with the rule presence: false', () => {
  beforeAll(async () => {
    const path = `/v1/apps/${site.holdline.appId}/namespaces`;
    succeeded(await site.owner.ask(path, { json: { name: 'quiet', presence: false } }), 201);
    await site.client.receive('clock', { wait: 1 });
  });

  test('refuses presence in every form and says how to switch it on; messages go on', async () => {
    const room = at('quiet:1');
    const ann = await withToken({ clientId: 'ann' }, 'quiet:1');
    const replies = [
      await room.tryPut('ann'),
      await room.tryList(),
      await room.watch({ wait: 0 }).reply,
      await ann.poll(null, { wait: 0 }).reply,
    ];
    for (const reply of replies)
      expect(refused(reply, 403, 'forbidden').detail).toMatch(/"quiet".*presence: false.*Switch/s);
    await site.client.publish('quiet:1', { data: 1 });
  });
});

describe('what is refused, stores nothing', () => {
  test('data of more than 4 kB, by PUT and by poll', async () => {
    const room = at('large');
    await room.put('fits', { data: 'x'.repeat(4094) });
    const data = 'x'.repeat(4095);
    const ann = await withToken({ clientId: 'ann' }, 'large');
    for (const reply of [await room.tryPut('ann', { data }), await ann.poll(data).reply])
      expect(refused(reply, 413, 'message_too_large').limit).toMatchObject({
        name: 'presence_data_bytes',
        max: 4096,
        used: 4097,
      });
    expect(await room.ids()).toEqual(['fits']);
  });

  test.each([
    ['no object', []],
    ['an unknown member', { date: 1 }],
    ['a ttl of 0', { ttl: 0 }],
    ['a ttl beyond the most', { ttl: 301 }],
  ])('%s', async (_what, body) => {
    refused(await at('faults').tryPut('ann', body), 400, 'invalid_request');
    expect(await at('faults').ids()).toEqual([]);
  });

  test('a body that is no JSON, and one of another type', async () => {
    const path = memberPath('faults', 'ann');
    const put = { method: 'PUT', raw: '{' };
    refused(
      await site.client.ask(path, { ...put, type: 'application/json' }),
      400,
      'invalid_request',
    );
    refused(await site.client.ask(path, { ...put, type: 'text/plain' }), 415, /.*/);
  });

  test('a client id that is none', async () => {
    for (const id of ['%00', '%FF', 'x'.repeat(129)]) {
      const reply = await site.client.ask(channelPath('faults', {}, `presence/${id}`), {
        method: 'PUT',
      });
      refused(reply, 400, 'invalid_request');
    }
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'before=a', 'after=', 'limit=1&limit=2'])(
    'a list with %s',
    async (query) => {
      const path = `${channelPath('faults', {}, 'presence')}?${query}`;
      refused(await site.client.ask(path), 400, 'invalid_request');
    },
  );

  test('a receive with presence=yes; a poll for a channel that it does not receive from', async () => {
    const path = channelPath('faults', { wait: 0, presence: 'yes' });
    refused(await site.client.ask(path), 400, 'invalid_request');
    const ann = await withToken({ clientId: 'ann' }, 'faults');
    const presence = { elsewhere: null };
    const { detail } = refused(await ann.poll(null, { presence }).reply, 400, 'invalid_request');
    expect(detail).toContain('"elsewhere"');
  });

  test('P8: a poll that watches more channels than fit says how they are counted', async () => {
    const channels = Array.from({ length: 251 }, (_, i) => `c${i}`);
    const reply = await site.client.ask('/v1/poll', {
      json: { subscriptions: [{ channels }], presenceEvents: true, wait: 0 },
    });
    expect(refused(reply, 400, 'invalid_request')).toMatchObject({
      limit: { name: 'poll_channels', max: 500, used: 502 },
    });
  });

  test('channels of point to point have no presence', async () => {
    refused(await at('inbox:ann').tryPut('ann'), 403, 'forbidden');
  });
});
