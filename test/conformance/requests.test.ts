import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Ask, Asked, Reply } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { only, received, refused, succeeded, WireMessage } from '../support/wire.js';

/** Protocol, "Point to point": request and reply. */
const site = useHoldline();

const WireReply = z.strictObject({
  reply: WireMessage,
  request: z.strictObject({ id: z.string().min(1), position: z.number().int().positive() }),
});

const ask = (channel: string, json: unknown, query = '?wait=30', options: Ask = {}): Asked =>
  site.client.start(`/v1/channels/${channel}/requests${query}`, { json, ...options });
const reply = (to: string, json: unknown, who = site.client): Promise<Reply> =>
  who.ask(`/v1/replies/${to}`, { json });

/** A reader of the channel: the next request in it, with where to reply. */
async function nextRequest(channel: string, cursor: string) {
  const answer = received(
    await site.client.ask(`/v1/channels/${channel}/messages?cursor=${cursor}`),
  );
  const message = only(answer.messages);
  expect(message.replyTo).toMatch(/^[A-Za-z0-9_-]{22,}$/);
  return { message, to: message.replyTo as string, cursor: answer.cursor };
}

function answered(asked: Reply): z.output<typeof WireReply> {
  succeeded(asked, 200);
  return WireReply.parse(asked.json);
}

describe('a request', () => {
  test('holds until a reader replies to replyTo, and is answered with the reply', async () => {
    const cursor = await site.client.now('rpc');
    const asked = ask('rpc', { data: { add: [1, 2] }, name: 'add' });
    const { message, to } = await nextRequest('rpc', cursor);
    expect(message).toMatchObject({ data: { add: [1, 2] }, name: 'add' });
    expect(asked.settled).toBe(false);
    const worker = site.client.as(await site.client.token({ clientId: 'worker' }));
    const sent = await reply(to, { data: 3, name: 'sum' }, worker);
    succeeded(sent, 202);
    const result = answered(await asked.reply);
    expect(result.request).toEqual({ id: message.id, position: message.position });
    expect(result.reply).toMatchObject({
      ...(sent.json as object),
      data: 3,
      name: 'sum',
      clientId: 'worker',
      inReplyTo: to,
    });
  });

  test('without a reply ends with 504 no_reply; the message stays in its channel', async () => {
    const cursor = await site.client.now('lonely');
    const began = performance.now();
    const late = await ask('lonely', { data: 1 }, '?wait=1').reply;
    refused(late, 504, 'no_reply');
    expect(late.at - began).toBeGreaterThan(950);
    const { to } = await nextRequest('lonely', cursor);
    refused(await reply(to, { data: 'too late' }), 404, 'not_found');
  });

  test('takes one reply: a second one is refused, the same one again with its id is not', async () => {
    const cursor = await site.client.now('once');
    const asked = ask('once', { data: 1 });
    const { to } = await nextRequest('once', cursor);
    const first = await reply(to, { data: 'first', id: 'r1' });
    succeeded(first, 202);
    expect(answered(await asked.reply).reply.data).toBe('first');
    refused(await reply(to, { data: 'second' }), 404, 'not_found');
    refused(await reply(to, { data: 'second', id: 'r2' }), 404, 'not_found');
    const again = await reply(to, { data: 'first', id: 'r1' });
    succeeded(again, 202);
    expect(again.json).toEqual({ ...(first.json as object), duplicate: true });
  });

  test('of replies at the same time one is taken', async () => {
    const cursor = await site.client.now('at-once');
    const asked = ask('at-once', { data: 1 });
    const { to } = await nextRequest('at-once', cursor);
    const codes = await Promise.all(
      [1, 2, 3, 4].map(async (data) => (await reply(to, { data })).status),
    );
    expect(codes.filter((code) => code === 202)).toHaveLength(1);
    expect(codes.every((code) => [202, 404, 409].includes(code))).toBe(true);
    answered(await asked.reply);
  });

  test('each of many at once gets its own reply', async () => {
    let cursor = await site.client.now('crowd');
    const all = Array.from({ length: 20 }, (_, n) => ask('crowd', { data: n }));
    let seen = 0;
    while (seen < all.length) {
      const answer = received(
        await site.client.ask(`/v1/channels/crowd/messages?cursor=${cursor}`),
      );
      cursor = answer.cursor;
      seen += answer.messages.length;
      await Promise.all(
        answer.messages.map((one) => reply(one.replyTo as string, { data: { to: one.data } })),
      );
    }
    const replies = await Promise.all(all.map(async (one) => answered(await one.reply).reply.data));
    expect(replies).toEqual(all.map((_, n) => ({ to: n })));
  });

  test('P3: asked again with its id it is published once, and a reply lost on its way is handed out', async () => {
    const cursor = await site.client.now('retry');
    const lost = ask('retry', { data: 1, id: 'q1' });
    const { to } = await nextRequest('retry', cursor);
    succeeded(await reply(to, { data: 'answer' }), 202);
    const first = answered(await lost.reply);
    const again = answered(await ask('retry', { data: 1, id: 'q1' }).reply);
    expect(again).toEqual(first);
    expect(await site.client.receive('retry', { cursor })).toMatchObject({ messages: [{}] });
  });

  test('who asked and has gone is forgotten', async () => {
    const cursor = await site.client.now('leaver');
    const asked = ask('leaver', { data: 1 });
    const { to } = await nextRequest('leaver', cursor);
    asked.abort();
    await site.client.settle();
    refused(await reply(to, { data: 1 }), 404, 'not_found');
  });

  test('an address that was never given out, or was changed: 404', async () => {
    refused(await reply('nonsense', { data: 1 }), 404, 'not_found');
    refused(await reply('A'.repeat(33), { data: 1, id: 'x' }), 404, 'not_found');
  });

  test('P5: another app cannot reply', async () => {
    const app = await site.owner.createApp('other');
    const other = await site.client.as((await site.owner.createKey(app)).key).known();
    const cursor = await site.client.now('own');
    const asked = ask('own', { data: 1 });
    const { to } = await nextRequest('own', cursor);
    refused(await reply(to, { data: 'forged' }, other), 404, 'not_found');
    expect(asked.settled).toBe(false);
    succeeded(await reply(to, { data: 'true' }), 202);
    expect(answered(await asked.reply).reply.data).toBe('true');
  });

  test('asking takes publish on the channel; replying takes the address alone', async () => {
    const reader = site.client.as(
      await site.client.token({ clientId: 'reader', capabilities: { 'ask-me': ['subscribe'] } }),
    );
    const path = '/v1/channels/ask-me/requests';
    refused(await reader.ask(path, { json: { data: 1 } }), 403, 'forbidden');
    const cursor = await site.client.now('ask-me');
    const asked = ask('ask-me', { data: 1 });
    const { to } = await nextRequest('ask-me', cursor);
    succeeded(await reply(to, { data: 2 }, reader), 202);
    answered(await asked.reply);
  });

  test('P7: a request that waits ends when its credential is revoked', async () => {
    const token = await site.client.token({ clientId: 'short-lived' });
    const asked = ask('revoke-me', { data: 1 }, '?wait=30', { key: token });
    await site.client.settle();
    await site.owner.create(`/v1/apps/${site.holdline.appId}/revocations`, {
      clientId: 'short-lived',
    });
    refused(await asked.reply, 401, 'revoked');
  });

  test('is one message, and takes wait alone', async () => {
    refused(await ask('strict', [{ data: 1 }]).reply, 422, 'invalid_message');
    refused(await ask('strict', { dat: 1 }).reply, 422, 'invalid_message');
    refused(await ask('strict', { data: 1 }, '?wait=301').reply, 400, 'invalid_request');
    refused(await ask('strict', { data: 1 }, '?limit=1').reply, 400, 'invalid_request');
    const cursor = await site.client.now('strict');
    const asked = ask('strict', { data: 1 });
    const { to } = await nextRequest('strict', cursor);
    refused(await reply(to, [{ data: 1 }]), 422, 'invalid_message');
    refused(await reply(to, { data: 1, ttl: 5 }), 422, 'invalid_message');
    succeeded(await reply(to, { data: 1 }), 202);
    answered(await asked.reply);
  });

  test('a server that stops ends it as draining', async () => {
    const asked = ask('draining', { data: 1 });
    await site.client.settle();
    await site.holdline.restart();
    refused(await asked.reply, 503, 'draining');
  }, 90_000);
});

describe('replyTo is also a channel’s name', () => {
  test('what is published there by somebody who may is the reply; a second one is an ordinary message', async () => {
    const cursor = await site.client.now('by-name');
    const asked = ask('by-name', { data: 'ping' });
    const { to } = await nextRequest('by-name', cursor);
    const stranger = site.client.as(
      await site.client.token({ capabilities: { 'by-name': ['publish'] } }),
    );
    refused(await stranger.tryPublish(to, { data: 'no' }), 403, 'forbidden');
    const array = [{ data: 1 }, { data: 2 }];
    refused(await site.client.tryPublish(to, array), 422, 'invalid_message');
    const sent = await site.client.publish(to, { data: 'pong', id: 'by-name' });
    const { reply: got } = answered(await asked.reply);
    expect(got).toMatchObject({ data: 'pong', id: 'by-name', inReplyTo: to });
    expect(sent.messages[0]).toMatchObject({ id: 'by-name', position: got.position });
    expect((await site.client.receive(to, { from: 'start' })).messages).toEqual([]);
  });
});

describe('an asker whose connection is cut', () => {
  test('P1: asks again with the same id, and has the reply that was given meanwhile', async () => {
    const cursor = await site.client.now('cut');
    const first = ask('cut', { data: 'q', id: 'ask-1' });
    const { to, cursor: after } = await nextRequest('cut', cursor);
    first.abort();
    await site.client.settle();
    succeeded(await reply(to, { data: 'a' }), 202);
    const again = answered(await ask('cut', { data: 'q', id: 'ask-1' }).reply);
    expect(again.reply).toMatchObject({ data: 'a', inReplyTo: to });
    // Or the reply comes when it has asked again.
    const second = ask('cut', { data: 'q', id: 'ask-2' });
    const { to: address } = await nextRequest('cut', after);
    second.abort();
    await site.client.settle();
    const retry = ask('cut', { data: 'q', id: 'ask-2' });
    await site.client.settle();
    succeeded(await reply(address, { data: 'b' }), 202);
    expect(answered(await retry.reply).reply.data).toBe('b');
  });

  test('without an id nobody waits any more', async () => {
    const cursor = await site.client.now('cut-nameless');
    const asked = ask('cut-nameless', { data: 'q' });
    const { to } = await nextRequest('cut-nameless', cursor);
    asked.abort();
    await site.client.settle();
    refused(await reply(to, { data: 'a' }), 404, 'not_found');
  });
});
