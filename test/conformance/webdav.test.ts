import { describe, expect, test } from '@jest/globals';
import { sendRaw } from '../support/raw-http.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import type { Reply } from '../support/http-client.js';
import { published, received, refused, succeeded } from '../support/wire.js';

/** Notifications as WebDAV clients of Exchange 2000/2003 ask for them. */
const site = useSharedHoldline();
const dav = (channel: string) => `/dav/${encodeURIComponent(channel)}`;
const NEW = { 'notification-type': 'update/newmember' };

async function subscribe(channel: string, headers: Record<string, string> = NEW): Promise<string> {
  const reply = await site.client.ask(dav(channel), { method: 'SUBSCRIBE', headers });
  succeeded(reply, 200);
  expect(reply.headers['content-location']).toBe(dav(channel));
  return String(reply.headers['subscription-id']);
}

/** Node's own client refuses the method POLL, so here it is a POST that says so. */
const pollOf = (id: string, more: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'x-http-method-override': 'POLL', 'subscription-id': id, ...more },
});
const poll = (channel: string, id: string, more?: Record<string, string>) =>
  site.client.ask(dav(channel), pollOf(id, more));

/** Status → ids, as a client of the time read them. */
function statuses(reply: Reply): Record<string, string[]> {
  succeeded(reply, 207);
  expect(reply.headers['content-type']).toMatch(/^text\/xml/);
  const found: Record<string, string[]> = {};
  for (const [, one = ''] of reply.text.matchAll(/<a:response>(.*?)<\/a:response>/g)) {
    const status = /HTTP\/1\.1 (\d+)/.exec(one)?.[1] ?? '';
    const ids = [...one.matchAll(/<li>(\d+)<\/li>/g)].map(([, id]) => id as string);
    (found[status] ??= []).push(...ids);
  }
  return found;
}

describe('SUBSCRIBE and POLL', () => {
  test('a POLL tells once that something came since the last one, and where to read it', async () => {
    const id = await subscribe('mail');
    expect(id).toMatch(/^\d+$/);
    expect(statuses(await poll('mail', id))).toEqual({ '204': [id] });
    await site.client.publish('mail', [{ data: 'a' }, { data: 'b' }]);
    const reply = await poll('mail', id);
    expect(statuses(reply)).toEqual({ '200': [id] });
    expect(reply.headers['subscription-id']).toBe(id);
    const read = /<h:messages>([^<]+)</.exec(reply.text)?.[1]?.replaceAll('&amp;', '&') as string;
    const messages = received(await site.client.ask(read)).messages;
    expect(messages.map((one) => one.data)).toEqual(['a', 'b']);
    expect(statuses(await poll('mail', id))).toEqual({ '204': [id] });
  });

  test('several ids in one POLL: which have news, which have none, which are not known', async () => {
    const first = await subscribe('many');
    await site.client.publish('many', { data: 1 });
    const second = await subscribe('many');
    const elsewhere = await subscribe('elsewhere');
    const found = statuses(await poll('many', `${first},${second}, ${elsewhere},1`));
    expect(found).toEqual({ '200': [first], '204': [second], '412': [elsewhere, '1'] });
  });

  test('with Prefer: wait it is held until something comes, or the time is over', async () => {
    const ids = [await subscribe('held'), await subscribe('held')];
    const held = site.client.start(dav('held'), pollOf(ids.join(', '), { prefer: 'wait=30' }));
    await site.client.settle();
    expect(held.settled).toBe(false);
    await site.client.publish('held', { data: 1 });
    expect(statuses(await held.reply)).toEqual({ '200': ids });
    const began = performance.now();
    expect(statuses(await poll('held', ids[0] as string, { prefer: 'wait=1' }))).toEqual({
      '204': [ids[0]],
    });
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  test('a client that goes away while it is held is told at its next POLL', async () => {
    const id = await subscribe('left');
    const held = site.client.start(dav('left'), pollOf(id, { prefer: 'wait=30' }));
    await site.client.settle();
    held.abort();
    await site.client.settle();
    await site.client.publish('left', { data: 1 });
    expect(statuses(await poll('left', id))).toEqual({ '200': [id] });
  });

  test('messages are never changed or moved: such a subscription is quiet', async () => {
    const id = await subscribe('quiet', { 'notification-type': 'delete' });
    await site.client.publish('quiet', { data: 1 });
    expect(statuses(await poll('quiet', id))).toEqual({ '204': [id] });
  });

  test('a name that XML and URLs would trip over', async () => {
    const channel = 'a<b>&"c"/ü ';
    const id = await subscribe(channel);
    await site.client.publish(channel, { data: 1 });
    const reply = await poll(channel, id);
    expect(statuses(reply)).toEqual({ '200': [id] });
    expect(reply.text).not.toContain('<b>');
  });

  test('SUBSCRIBE with the id renews; the lifetime is as long as was asked, within bounds', async () => {
    const reply = await site.client.ask(dav('renewed'), {
      method: 'SUBSCRIBE',
      headers: { ...NEW, 'subscription-lifetime': '7200' },
    });
    expect(reply.headers['subscription-lifetime']).toBe('7200');
    const id = String(reply.headers['subscription-id']);
    const renewed = await site.client.ask(dav('renewed'), {
      method: 'SUBSCRIBE',
      headers: { 'subscription-id': id, 'subscription-lifetime': '999999' },
    });
    succeeded(renewed, 200);
    expect(renewed.headers['subscription-id']).toBe(id);
    expect(renewed.headers['subscription-lifetime']).toBe('57600');
  });
});

describe('UNSUBSCRIBE and NOTIFY', () => {
  test('after UNSUBSCRIBE the id is not known any more', async () => {
    const id = await subscribe('ended');
    const headers = { 'subscription-id': id };
    succeeded(await site.client.ask(dav('ended'), { method: 'UNSUBSCRIBE', headers }), 200);
    expect(statuses(await poll('ended', id))).toEqual({ '412': [id] });
    const again = await site.client.ask(dav('ended'), { method: 'UNSUBSCRIBE', headers });
    refused(again, 404, 'not_found');
  });

  test('NOTIFY publishes its body', async () => {
    const reply = await site.client.ask(dav('noted'), {
      method: 'NOTIFY',
      raw: '<news/>',
      type: 'text/xml',
    });
    published(reply);
    const { messages } = await site.client.receive('noted', { from: 'start' });
    expect(messages.map((one) => one.data)).toEqual(['<news/>']);
  });
});

describe('refusals', () => {
  test('P5: a subscription is its key’s alone', async () => {
    const id = await subscribe('mine');
    const other = await site.owner.createKey(site.holdline.appId);
    const client = await site.client.as(other.key).known();
    expect(statuses(await client.ask(dav('mine'), pollOf(id)))).toEqual({ '412': [id] });
  });

  test('without the right, without an id, without a type, with no credential', async () => {
    const token = await site.client.token({ capabilities: { other: ['subscribe'] } });
    const stranger = site.client.as(token);
    const options = { method: 'SUBSCRIBE', headers: NEW };
    refused(await stranger.ask(dav('mine'), options), 403, 'forbidden');
    refused(await site.client.ask(dav('mine'), { method: 'SUBSCRIBE' }), 400, 'invalid_request');
    refused(await poll('mine', 'x'), 400, 'invalid_request');
    refused(await site.client.ask(dav('mine'), { method: 'POST' }), 400, 'invalid_request');
    refused(await site.client.ask(dav('mine')), 405, 'method_not_allowed');
    const nobody = { headers: { ...NEW, authorization: '' }, method: 'SUBSCRIBE' };
    refused(await site.client.ask(dav('mine'), nobody), 401, 'unauthenticated');
  });
});

describe('POLL as a method of HTTP/1.1', () => {
  const head = (channel: string, id: string, more = '') =>
    `POLL ${dav(channel)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${site.client.key}\r\nSubscription-Id: ${id}\r\n${more}\r\n`;
  const raw = (bytes: string, options: Parameters<typeof sendRaw>[2] = { enough: 1 }) =>
    sendRaw(site.holdline.deliveryUrl, bytes, options);

  test('is answered as the POST that names it, and ends the connection', async () => {
    const id = await subscribe('real-poll');
    await site.client.publish('real-poll', { data: 1 });
    const { answers, closed } = await raw(head('real-poll', id), {});
    expect(answers[0]?.status).toBe(207);
    expect(answers[0]?.head).toMatch(/connection: close/i);
    expect(answers[0]?.body).toContain(`HTTP/1.1 200 OK</a:status>`);
    expect(closed).toBe(true);
  });

  test('also on a connection that has served before, and with its head in pieces', async () => {
    const id = await subscribe('second-poll');
    const [first, ...rest] = head('second-poll', id).split('Subscription-Id');
    const before = `GET /v1/channels/x/messages?wait=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${site.client.key}\r\n\r\n`;
    const { answers } = await sendRaw(site.holdline.deliveryUrl, before, {
      enough: 2,
      then: (write) =>
        void site.client
          .settle()
          .then(() => write(first as string))
          .then(() => site.client.settle())
          .then(() => write(`Subscription-Id${rest.join('Subscription-Id')}`)),
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 207]);
  });

  test('is held for longer than a head may take', async () => {
    const id = await subscribe('held-poll');
    const { answers, ms } = await raw(head('held-poll', id, 'Prefer: wait=17\r\n'), {
      enough: 1,
      waitMs: 25_000,
    });
    expect(answers[0]?.status).toBe(207);
    expect(answers[0]?.head).toMatch(/holdline-hold: 17; reason=asked/i);
    expect(ms).toBeGreaterThan(16_000);
  }, 40_000);

  test('one that could hide another request is turned away: a body, a second request, elsewhere', async () => {
    const id = await subscribe('sly-poll');
    const inner = `NOTIFY ${dav('smuggled')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${site.client.key}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx`;
    const length = `Content-Length: ${inner.length}\r\n`;
    const sly = [
      head('sly-poll', id, length) + inner,
      head('sly-poll', id, 'Transfer-Encoding: chunked\r\n') + `0\r\n\r\n${inner}`,
      head('sly-poll', id) + inner,
      `\r\n${head('sly-poll', id)}`,
      head('sly-poll', id).replace('POLL', 'PPOLL'),
      head('sly-poll', id).replace('/dav/', '/v1/'),
      // The body of another request that looks like a POLL, before bytes that are none.
      `POST ${dav('sly-poll')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${site.client.key}\r\nX-HTTP-Method-Override: NOTIFY\r\nContent-Type: text/plain\r\nContent-Length: ${head('sly-poll', id).length}\r\n\r\n`,
    ];
    for (const bytes of sly.slice(0, -1)) {
      const { answers, closed } = await raw(bytes, {});
      expect(answers.map(({ status }) => status)).toEqual([400]);
      expect(closed).toBe(true);
    }
    const { answers } = await raw(sly.at(-1) as string, {
      then: (write) =>
        void site.client
          .settle()
          .then(() => write(`${head('sly-poll', id)}FOO / HTTP/1.1\r\n\r\n`)),
    });
    expect(answers.map(({ status }) => status)).not.toContain(207);
    expect((await site.client.receive('smuggled', { from: 'start' })).messages).toEqual([]);
  });
});

test('OPTIONS says what there is; Depth and Notification-Delay are taken or refused; ids fit 31 bits', async () => {
  const asked = await site.client.ask(dav('options'), { method: 'OPTIONS' });
  succeeded(asked, 200);
  expect(asked.headers['allow']).toBe('OPTIONS, SUBSCRIBE, POLL, UNSUBSCRIBE, NOTIFY, POST');
  expect(asked.headers['dav']).toBe('<urn:holdline:notifications>');
  const preflight = await site.client.ask(dav('options'), {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
  });
  succeeded(preflight, 204);
  const wish = (headers: Record<string, string>) =>
    site.client.ask(dav('options'), { method: 'SUBSCRIBE', headers: { ...NEW, ...headers } });
  for (const depth of ['0', '1', 'infinity', '1,noroot', 'Infinity, noroot']) {
    const made = await wish({ depth, 'notification-delay': '30' });
    succeeded(made, 200);
    expect(made.headers['notification-delay']).toBe('0');
    expect(Number(made.headers['subscription-id'])).toBeLessThan(2 ** 31);
  }
  refused(await wish({ depth: '2' }), 400, 'invalid_request');
  refused(await wish({ 'notification-delay': 'soon' }), 400, 'invalid_request');
});
