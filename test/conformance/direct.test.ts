import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { DeliveryClient } from '../support/delivery-client.js';
import type { Ask, Asked, Reply } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { only, received, refused, succeeded } from '../support/wire.js';

/** Protocol, "Point to point": direct messages and homes. Links, requests: in files of their own. */
const site = useHoldline();

const position = z.number().int().positive();
const WireDirect = z.strictObject({
  id: z.string().min(1),
  position,
  duplicate: z.literal(true).optional(),
  delivered: z.number().int().min(0),
  home: z.string().min(1).nullable(),
  messages: z
    .array(z.strictObject({ id: z.string(), position, duplicate: z.literal(true).optional() }))
    .optional(),
});

function sent(reply: Reply): z.output<typeof WireDirect> {
  succeeded(reply, 202);
  return WireDirect.parse(reply.json);
}

const inbox = (clientId: string) => `/v1/clients/${encodeURIComponent(clientId)}/messages`;
const send = async (clientId: string, json: unknown, options: Ask = {}) =>
  sent(await site.client.ask(inbox(clientId), { json, ...options }));
const clientOf = async (clientId: string, capabilities?: object): Promise<DeliveryClient> =>
  site.client.as(await site.client.token({ clientId, ...(capabilities ? { capabilities } : {}) }));
const holdMine = (client: DeliveryClient, query = 'wait=30'): Asked =>
  client.start(`/v1/clients/me/messages?${query}`);
const dataOf = (reply: Reply) => received(reply).messages.map((one) => one.data);

describe('a direct message', () => {
  test('answers the client’s held request, in the shape of every message', async () => {
    const bob = await clientOf('bob');
    const hold = holdMine(bob);
    await site.client.settle();
    const ann = await clientOf('ann');
    const told = sent(
      await ann.ask(inbox('bob'), { json: { data: { hi: 1 }, name: 'greeting', id: 'hi-1' } }),
    );
    expect(told).toMatchObject({ id: 'hi-1', delivered: 1, home: expect.any(String) });
    const answer = received(await hold.reply);
    expect(only(answer.messages)).toMatchObject({
      channel: 'inbox:bob',
      id: 'hi-1',
      position: told.position,
      name: 'greeting',
      data: { hi: 1 },
      clientId: 'ann',
    });
  });

  test('P1: is stored when nobody is there, and received later', async () => {
    expect(await send('away', { data: 1 })).toMatchObject({ delivered: 0, home: null });
    await send('away', { data: 2 });
    const away = await clientOf('away');
    expect(dataOf(await away.ask('/v1/clients/me/messages?from=start&wait=0'))).toEqual([1, 2]);
  });

  test('P4: what comes between two polls is there with the cursor of the first', async () => {
    const gap = await clientOf('gap');
    const { cursor } = received(await gap.ask('/v1/clients/me/messages?wait=0'));
    await send('gap', [{ data: 1 }, { data: 2 }]);
    expect(dataOf(await gap.ask(`/v1/clients/me/messages?cursor=${cursor}`))).toEqual([1, 2]);
  });

  test.each([0, 1, 3])('delivered says how many held requests it answered: %i', async (count) => {
    const name = `count-${count}`;
    const client = await clientOf(name);
    const bystander = holdMine(await clientOf(`${name}-other`));
    const holds = Array.from({ length: count }, () => holdMine(client));
    await site.client.settle();
    expect((await send(name, { data: 'x' })).delivered).toBe(count);
    for (const hold of holds) expect(dataOf(await hold.reply)).toEqual(['x']);
    expect(bystander.settled).toBe(false);
    bystander.abort();
    expect((await send(name, { data: 'y' })).delivered).toBe(0);
  });

  test('an array is stored in order and tells of each; delivered counts held requests, not messages', async () => {
    const hold = holdMine(await clientOf('many'));
    await site.client.settle();
    const told = await send('many', [{ data: 1 }, { data: 2 }, { data: 3, id: 'last' }]);
    expect(told).toMatchObject({ id: 'last', delivered: 1 });
    expect(told.messages).toHaveLength(3);
    expect(told.messages?.at(-1)?.position).toBe(told.position);
    expect(dataOf(await hold.reply)).toEqual([1, 2, 3]);
  });

  test('P3: again with the same id: the first position, duplicate, nothing delivered or stored', async () => {
    const first = await send('twice', { data: 1, id: 'same' });
    const hold = holdMine(await clientOf('twice'), 'wait=1');
    await site.client.settle();
    expect(await send('twice', { data: 1, id: 'same' })).toMatchObject({
      position: first.position,
      duplicate: true,
      delivered: 0,
    });
    expect(received(await hold.reply).timedOut).toBe(true);
  });

  test('a body of another type is one message', async () => {
    const reply = await site.client.ask(inbox('raw'), { raw: 'plain words', type: 'text/plain' });
    sent(reply);
    const raw = await clientOf('raw');
    expect(dataOf(await raw.ask('/v1/clients/me/messages?from=start&wait=0'))).toEqual([
      'plain words',
    ]);
  });

  test('what is no message is refused, and nothing is stored', async () => {
    refused(await site.client.ask(inbox('strict'), { json: { dat: 1 } }), 422, 'invalid_message');
    refused(await site.client.ask(inbox('strict'), { json: [] }), 422, 'invalid_message');
    refused(
      await site.client.ask(inbox('a\u0001b'), { json: { data: 1 } }),
      400,
      'invalid_request',
    );
    refused(
      await site.client.ask(inbox('x'.repeat(129)), { json: { data: 1 } }),
      400,
      'invalid_request',
    );
    const strict = await clientOf('strict');
    expect(dataOf(await strict.ask('/v1/clients/me/messages?from=start&wait=0'))).toEqual([]);
  });

  test('streams receive it like held requests', async () => {
    await send('stream', { data: 'before' });
    const client = await clientOf('stream');
    const stream = client.start('/v1/clients/me/messages?from=start', {
      headers: { accept: 'text/event-stream' },
    });
    await site.client.settle();
    expect((await send('stream', { data: 'live' })).delivered).toBe(1);
    stream.abort();
  });
});

describe('the inbox in a poll', () => {
  test('"inbox": true adds it, in the body or in a subscription', async () => {
    const client = await clientOf('poller');
    const bodies = [
      { subscriptions: [{ channels: ['poll-room'] }], inbox: true },
      { subscriptions: [{ channels: ['poll-room'], inbox: true }] },
      { inbox: true },
      { subscriptions: [{ inbox: true }] },
    ];
    for (const body of bodies) {
      const hold = client.start('/v1/poll', { json: { ...body, wait: 30 } });
      await site.client.settle();
      expect((await send('poller', { data: 'direct' })).delivered).toBe(1);
      const answer = received(await hold.reply);
      expect(answer.messages.map((one) => one.channel)).toEqual(['inbox:poller']);
      expect(Object.keys(answer.channels)).toContain('inbox:poller');
      const again = client.start('/v1/poll', { json: { ...body, cursor: answer.cursor, wait: 0 } });
      expect(received(await again.reply).messages).toEqual([]);
    }
  });

  test('without an Authorization header it is that of the subscription’s token', async () => {
    const token = await site.client.token({ clientId: 'bearer-less' });
    const hold = site.client.start('/v1/poll', {
      key: undefined as unknown as string,
      headers: {},
      json: { subscriptions: [{ token, channels: ['poll-room'] }], inbox: true, wait: 30 },
    });
    await site.client.settle();
    expect((await send('bearer-less', { data: 1 })).delivered).toBe(1);
    expect(dataOf(await hold.reply)).toEqual([1]);
  });

  test('inbox=true adds it to a GET; Link leads on with it', async () => {
    const client = await clientOf('getter');
    const hold = client.start('/v1/messages?channel=get-room&inbox=true&wait=30');
    await site.client.settle();
    await send('getter', { data: 1 });
    const reply = await hold.reply;
    expect(dataOf(reply)).toEqual([1]);
    expect(reply.headers['link']).toMatch(/inbox=true/);
    expect(dataOf(await client.ask('/v1/messages?inbox=true&from=start&wait=0'))).toEqual([1]);
  });

  test('a poll that names nothing is refused', async () => {
    const client = await clientOf('nothing');
    for (const json of [{}, { subscriptions: [] }, { subscriptions: [{}] }, { inbox: false }])
      refused(await client.ask('/v1/poll', { json }), 400, 'invalid_request');
  });
});

describe('who may', () => {
  test('a token reads its own inbox whatever its capabilities, and no other’s even with *', async () => {
    await send('owner', { data: 1 });
    const owner = await clientOf('owner', { 'elsewhere:*': ['subscribe'] });
    for (const path of ['/v1/clients/me/messages', inbox('owner')])
      expect(dataOf(await owner.ask(`${path}?from=start&wait=0`))).toEqual([1]);
    const nosy = await clientOf('nosy', { '*': ['*'] });
    refused(await nosy.ask(`${inbox('owner')}?wait=0`), 403, 'forbidden');
  });

  test('a key reads a client’s inbox by its capability, and has none of its own', async () => {
    await send('kept', { data: 1 });
    expect(dataOf(await site.client.ask(`${inbox('kept')}?from=start&wait=0`))).toEqual([1]);
    refused(await site.client.ask('/v1/clients/me/messages?wait=0'), 400, 'invalid_request');
    refused(await site.client.ask('/v1/poll', { json: { inbox: true } }), 400, 'invalid_request');
    const { key } = await site.owner.createKey(site.holdline.appId, {
      capabilities: { 'room:*': ['*'] },
    });
    const narrow = await site.client.as(key).known();
    refused(await narrow.ask(`${inbox('kept')}?wait=0`), 403, 'forbidden');
    refused(await narrow.ask(inbox('kept'), { json: { data: 2 } }), 403, 'forbidden');
  });

  test('sending takes publish on inbox:<clientId>', async () => {
    const some = await clientOf('some', { 'inbox:friend': ['publish'] });
    sent(await some.ask(inbox('friend'), { json: { data: 1 } }));
    const problem = refused(
      await some.ask(inbox('stranger'), { json: { data: 1 } }),
      403,
      'forbidden',
    );
    expect(problem['capability']).toEqual({ operation: 'publish', channel: 'inbox:stranger' });
  });

  test('reserved channels cannot be named directly, by whatever way', async () => {
    const nosy = await clientOf('nosy', { '*': ['*'] });
    for (const channel of ['inbox:owner', 'link:x:a', 'reply:abc']) {
      for (const who of [nosy, site.client]) {
        const problem = refused(await who.tryPublish(channel, { data: 1 }), 403, 'forbidden');
        expect(problem.detail).toMatch(/\/v1\//);
        const path = `/v1/channels/${encodeURIComponent(channel)}`;
        refused(await who.ask(`${path}/messages?wait=0`), 403, 'forbidden');
        refused(await who.ask(`${path}/history`), 403, 'forbidden');
        refused(await who.ask(`${path}/requests`, { json: { data: 1 } }), 403, 'forbidden');
        refused(await who.ask(`/v1/messages?channel=${channel}&wait=0`), 403, 'forbidden');
        const subscriptions = [{ channels: [channel] }];
        refused(await who.ask('/v1/poll', { json: { subscriptions, wait: 0 } }), 403, 'forbidden');
        const batch = await who.ask('/v1/messages', {
          json: { messages: [{ channel, data: 1 }] },
        });
        expect((batch.json as { results: unknown[] }).results).toMatchObject([
          { code: 'forbidden' },
        ]);
      }
    }
    await site.client.publish('inboxes:are:not:reserved', { data: 1 });
  });

  test('P5: the same client id of another app has another inbox', async () => {
    const app = await site.owner.createApp('neighbour');
    const neighbour = await site.client.as((await site.owner.createKey(app)).key).known();
    const theirs = neighbour.as(await neighbour.token({ clientId: 'ann' }));
    const hold = holdMine(theirs, 'wait=1');
    await site.client.settle();
    expect((await send('ann', { data: 'mine' })).delivered).toBe(0);
    expect(received(await hold.reply).timedOut).toBe(true);
  });

  test('P7: a held inbox ends when its token is revoked', async () => {
    const eve = await clientOf('eve');
    const hold = holdMine(eve);
    await site.client.settle();
    await site.owner.create(`/v1/apps/${site.holdline.appId}/revocations`, { clientId: 'eve' });
    refused(await hold.reply, 401, 'revoked');
  });
});

describe('a client’s home', () => {
  const homeOf = (clientId: string, who = site.client) =>
    who.ask(`/v1/clients/${encodeURIComponent(clientId)}`);

  test('is the node that holds its poll, since when it does; without one: 404', async () => {
    refused(await homeOf('homer'), 404, 'not_found');
    const homer = await clientOf('homer');
    const before = Date.now();
    const holds = [homer.hold('any-room'), holdMine(homer)];
    await site.client.settle();
    const reply = await homeOf('homer');
    succeeded(reply, 200);
    const home = z
      .strictObject({
        clientId: z.literal('homer'),
        node: z.string().min(1),
        since: z.iso.datetime(),
        holds: z.literal(2),
      })
      .parse(reply.json);
    expect(Date.parse(home.since)).toBeGreaterThanOrEqual(before - 1000);
    expect(Date.parse(home.since)).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await send('homer', { data: 1 })).toMatchObject({ home: home.node, delivered: 1 });
    for (const hold of holds) hold.abort();
    await site.client.settle();
    // Within the grace it is still at home, though nothing is held for it.
    expect((await homeOf('homer', homer)).json).toMatchObject({ node: home.node, holds: 0 });
    expect((await homer.ask('/v1/clients/me')).json).toMatchObject({ clientId: 'homer' });
  });

  test('asking takes the right to send to it, unless it is oneself', async () => {
    const some = await clientOf('some-one', { 'room:*': ['*'] });
    refused(await homeOf('homer', some), 403, 'forbidden');
    refused(await homeOf('some-one', some), 404, 'not_found');
  });

  test('a restart takes nothing from the inbox, and the next poll brings the client home anew', async () => {
    const nomad = await clientOf('nomad');
    const hold = holdMine(nomad);
    await site.client.settle();
    const before = (await homeOf('nomad')).json as { node: string };
    await site.holdline.restart();
    const answer = received(await hold.reply);
    refused(await homeOf('nomad'), 404, 'not_found');
    expect(await send('nomad', { data: 'kept' })).toMatchObject({ delivered: 0, home: null });
    expect(dataOf(await nomad.ask(`/v1/clients/me/messages?cursor=${answer.cursor}`))).toEqual([
      'kept',
    ]);
    const after = (await homeOf('nomad')).json as { node: string };
    expect(after.node).not.toBe(before.node);
  }, 90_000);
});
