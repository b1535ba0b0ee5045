import { beforeAll, describe, expect, test } from '@jest/globals';
import { channelPath, type DeliveryClient } from '../support/delivery-client.js';
import { ask } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { published, received, refused } from '../support/wire.js';

/** What a page of another origin may do and read on the data plane. */
const site = useSharedHoldline();
const listed = 'https://app.example.com';
let strict: DeliveryClient;

beforeAll(async () => {
  const app = await site.owner.createApp('strict', { allowedOrigins: [listed] });
  strict = await site.client.as((await site.owner.createKey(app)).key).known();
});

const lists = (value: string | string[] | undefined) => String(value).toLowerCase().split(/, */);

describe('a page of another origin', () => {
  test('may ask before each kind of request, without a credential', async () => {
    for (const path of [
      channelPath('c'),
      '/v1/messages',
      '/v1/poll',
      '/v1/tokens',
      channelPath('c', {}, 'history'),
    ]) {
      const reply = await ask(site.client.url + path, {
        method: 'OPTIONS',
        headers: {
          origin: listed,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(reply.status).toBe(204);
      expect([listed, '*']).toContain(reply.headers['access-control-allow-origin']);
      expect(lists(reply.headers['access-control-allow-methods'])).toEqual(
        expect.arrayContaining(['get', 'post']),
      );
      expect(lists(reply.headers['access-control-allow-headers'])).toEqual(
        expect.arrayContaining([
          'authorization',
          'content-type',
          'prefer',
          'holdline-id',
          'holdline-name',
        ]),
      );
      expect(Number(reply.headers['access-control-max-age'])).toBeGreaterThanOrEqual(600);
    }
  });

  test('reads the cursor, the hold, the link and the retry time of an answer', async () => {
    const reply = await site.client.ask(channelPath('c', { wait: 0 }), {
      headers: { origin: listed },
    });
    received(reply);
    expect([listed, '*']).toContain(reply.headers['access-control-allow-origin']);
    expect(lists(reply.headers['access-control-expose-headers'])).toEqual(
      expect.arrayContaining([
        'holdline-cursor',
        'holdline-hold',
        'link',
        'retry-after',
        'request-id',
      ]),
    );
  });

  test('can read a refusal too', async () => {
    for (const reply of [
      await ask(site.client.url + channelPath('c'), { headers: { origin: listed } }),
      await site.client.ask('/v1/nothing', { headers: { origin: listed } }),
      await site.client.ask(channelPath('c', { wait: 'x' }), { headers: { origin: listed } }),
    ]) {
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect([listed, '*']).toContain(reply.headers['access-control-allow-origin']);
    }
  });

  test('never gets leave to send cookies', async () => {
    const reply = await site.client.ask(channelPath('c', { wait: 0 }), {
      headers: { origin: listed },
    });
    expect(reply.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('an app that lists its origins', () => {
  test('takes requests from those, and from servers, which have none', async () => {
    published(await strict.tryPublish('c', { data: 1 }, { headers: { origin: listed } }));
    published(await strict.tryPublish('c', { data: 1 }));
  });

  test.each([
    'https://evil.example',
    'null',
    'http://app.example.com',
    `${listed}.evil.example`,
    'https://APP.example.com:8443',
  ])('refuses the page of %s, and stores nothing', async (origin) => {
    const before = (await strict.history('c')).messages.length;
    refused(await strict.tryPublish('c', { data: 1 }, { headers: { origin } }), 403, 'forbidden');
    refused(
      await strict.ask(channelPath('c', { wait: 0 }), { headers: { origin } }),
      403,
      'forbidden',
    );
    expect((await strict.history('c')).messages).toHaveLength(before);
  });
});

test('the control plane gives no other origin leave to read or write', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    const reply = await ask(`${site.holdline.apiUrl}/v1/apps`, {
      method,
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        cookie: site.owner.cookie,
      },
    });
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  }
});
