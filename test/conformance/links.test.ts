import { describe, expect, test } from '@jest/globals';
import type { DeliveryClient } from '../support/delivery-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, refused, succeeded } from '../support/wire.js';

/** Protocol, "Point to point": links, a pair of channels. */
const site = useHoldline();

const pathOf = (link: string, end?: string) =>
  `/v1/links/${encodeURIComponent(link)}${end === undefined ? '' : `/${end}/messages`}`;
const put = (link: string, json?: unknown, who = site.client) =>
  who.ask(pathOf(link), { method: 'PUT', json });
const post = (link: string, end: string, data: unknown, who = site.client) =>
  who.ask(pathOf(link, end), { json: { data } });
const read = async (link: string, end: string, who = site.client, query = 'from=start&wait=0') =>
  received(await who.ask(`${pathOf(link, end)}?${query}`)).messages.map((one) => one.data);
const clientOf = async (clientId: string, capabilities?: object): Promise<DeliveryClient> =>
  site.client.as(await site.client.token({ clientId, ...(capabilities ? { capabilities } : {}) }));

describe('a link', () => {
  test('is made once: 201, and 200 when it is there', async () => {
    const made = await put('pair');
    succeeded(made, 201);
    expect(made.json).toEqual({
      link: 'pair',
      createdAt: expect.any(String),
      a: { clientId: null, messages: '/v1/links/pair/a/messages' },
      b: { clientId: null, messages: '/v1/links/pair/b/messages' },
    });
    const again = await put('pair');
    succeeded(again, 200);
    expect(again.json).toEqual(made.json);
    const changed = await put('pair', { b: { clientId: 'bob' } });
    succeeded(changed, 200);
    expect(changed.json).toMatchObject({ a: { clientId: null }, b: { clientId: 'bob' } });
    const shown = await site.client.ask(pathOf('pair'));
    succeeded(shown, 200);
    expect(shown.json).toEqual(changed.json);
  });

  test('what a posts is read at b, and back, by held requests', async () => {
    await put('both:ways');
    const [atA, atB] = ['a', 'b'].map((end) =>
      site.client.start(`${pathOf('both:ways', end)}?wait=30`),
    );
    await site.client.settle();
    const sent = await post('both:ways', 'a', 'from a');
    succeeded(sent, 202);
    expect(sent.json).toEqual({ id: expect.any(String), position: expect.any(Number) });
    const answer = received(await atB!.reply);
    expect(answer.messages).toMatchObject([{ channel: 'link:both:ways:b', data: 'from a' }]);
    await site.client.settle();
    expect(atA!.settled).toBe(false);
    succeeded(await post('both:ways', 'b', 'from b'), 202);
    expect(received(await atA!.reply).messages).toMatchObject([{ data: 'from b' }]);
    succeeded(await post('both:ways', 'a', 'later'), 202);
    expect(await read('both:ways', 'b', site.client, `cursor=${answer.cursor}`)).toEqual(['later']);
  });

  test('an array is stored in order, and tells of each', async () => {
    await put('array');
    const sent = await site.client.ask(pathOf('array', 'b'), { json: [{ data: 1 }, { data: 2 }] });
    succeeded(sent, 202);
    expect((sent.json as { messages: unknown[] }).messages).toHaveLength(2);
    expect(await read('array', 'a')).toEqual([1, 2]);
  });

  test('an end with a clientId is for that client alone, and for keys', async () => {
    await put('private', { a: { clientId: 'ann' }, b: { clientId: 'bob' } });
    const [ann, bob, eve] = [await clientOf('ann'), await clientOf('bob'), await clientOf('eve')];
    succeeded(await post('private', 'a', 'hi bob', ann), 202);
    expect(await read('private', 'b', bob)).toEqual(['hi bob']);
    for (const [who, end] of [
      [ann, 'b'],
      [bob, 'a'],
      [eve, 'a'],
      [eve, 'b'],
    ] as const) {
      refused(await post('private', end, 'no', who), 403, 'forbidden');
      refused(await who.ask(`${pathOf('private', end)}?wait=0`), 403, 'forbidden');
    }
    expect(await read('private', 'b')).toEqual(['hi bob']);
  });

  test('rights are asked for the end that is used: link:<link>:<end>', async () => {
    await put('rights');
    const one = await clientOf('one', { 'link:rights:a': ['publish', 'subscribe'] });
    succeeded(await post('rights', 'a', 1, one), 202);
    expect(await read('rights', 'a', one)).toEqual([]);
    const problem = refused(await post('rights', 'b', 1, one), 403, 'forbidden');
    expect(problem['capability']).toEqual({ operation: 'publish', channel: 'link:rights:b' });
    refused(await one.ask(`${pathOf('rights', 'b')}?wait=0`), 403, 'forbidden');
    succeeded(await one.ask(pathOf('rights')), 200);
    refused(await (await clientOf('none', { x: ['*'] })).ask(pathOf('rights')), 403, 'forbidden');
  });

  test('a token cannot make or remove one', async () => {
    await put('made-by-key');
    const token = await clientOf('maker', { '*': ['*'] });
    refused(await put('by-token', {}, token), 403, 'forbidden');
    refused(await token.ask(pathOf('made-by-key'), { method: 'DELETE' }), 403, 'forbidden');
  });

  test('an unknown link, or a third end: 404', async () => {
    for (const end of ['a', 'b']) {
      refused(await post('nowhere', end, 1), 404, 'not_found');
      refused(await site.client.ask(`${pathOf('nowhere', end)}?wait=0`), 404, 'not_found');
    }
    refused(await site.client.ask(pathOf('nowhere')), 404, 'not_found');
    refused(await site.client.ask(pathOf('nowhere'), { method: 'DELETE' }), 404, 'not_found');
    await put('two-ends');
    refused(await post('two-ends', 'c', 1), 404, 'not_found');
  });

  test('removed, it is unknown, and made anew it is empty', async () => {
    await put('gone', { a: { clientId: 'ann' } });
    await post('gone', 'a', 'secret');
    succeeded(await site.client.ask(pathOf('gone'), { method: 'DELETE' }), 204);
    refused(await post('gone', 'a', 1), 404, 'not_found');
    succeeded(await put('gone'), 201);
    expect(await read('gone', 'b')).toEqual([]);
    succeeded(await post('gone', 'a', 'fresh'), 202);
    expect(await read('gone', 'b')).toEqual(['fresh']);
  });

  test('of many that make it at once, one is told 201', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => put('race')));
    expect(made.map((reply) => reply.status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
  });

  test('what is no link is refused', async () => {
    refused(await put('bad', { c: {} }), 400, 'invalid_request');
    refused(await put('bad', { a: { clientId: '' } }), 400, 'invalid_request');
    refused(await put('x'.repeat(201)), 400, 'invalid_request');
    refused(await put('a\u0001b'), 400, 'invalid_request');
    succeeded(await put('x'.repeat(200)), 201);
    succeeded(await post('x'.repeat(200), 'a', 1), 202);
  });

  test('P5: another app has other links', async () => {
    await put('shared-name');
    const app = await site.owner.createApp('stranger');
    const stranger = await site.client.as((await site.owner.createKey(app)).key).known();
    refused(await stranger.ask(pathOf('shared-name')), 404, 'not_found');
  });

  test('P1: it outlives a restart', async () => {
    await put('lasting', { a: { clientId: 'ann' } });
    await post('lasting', 'a', 1);
    await site.holdline.restart();
    succeeded(await put('lasting', { a: { clientId: 'ann' } }), 200);
    expect(await read('lasting', 'b')).toEqual([1]);
  }, 90_000);
});
