import { describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { channelPath } from '../support/delivery-client.js';
import { ask } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { published, received, refused, succeeded } from '../support/wire.js';

/** Protocol, "Who may do what", on the data plane. */
const site = useSharedHoldline();
const url = () => site.client.url;

describe('an API key', () => {
  test('serves as Bearer, and as the user name of HTTP Basic (curl -u "$KEY:")', async () => {
    const basic = (text: string) => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const { apiKey } = site.holdline;
    published(
      await ask(url() + channelPath('key'), { json: { data: 1 }, headers: basic(`${apiKey}:`) }),
    );
    published(await ask(url() + channelPath('key'), { json: { data: 1 }, key: apiKey }));
    const lower = { authorization: `bearer ${apiKey}` };
    published(await ask(url() + channelPath('key'), { json: { data: 1 }, headers: lower }));
  });

  test('that is missing, malformed, mistyped or unknown is 401, says how to authenticate, and stores nothing', async () => {
    const good = site.holdline.apiKey;
    const swapped = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0');
    for (const authorization of [
      '',
      'Bearer',
      'Bearer x',
      'Basic x',
      'Digest x',
      `Bearer ${swapped}`,
      `Bearer ${good}x`,
    ]) {
      const reply = await ask(url() + channelPath('nobody'), {
        json: { data: 1 },
        headers: authorization === '' ? {} : { authorization },
      });
      refused(reply, 401, 'unauthenticated');
      expect(reply.headers['www-authenticate']).toMatch(/Bearer/);
      // An answer never repeats what was sent as a secret.
      expect(reply.text).not.toContain(good.slice(20));
    }
    expect((await site.client.history('nobody')).messages).toEqual([]);
  });

  test('an unknown key and a wrong secret look the same', async () => {
    const { key } = await site.owner.createKey(site.holdline.appId);
    const app = await site.owner.createApp('short-lived');
    const other = await site.owner.createKey(app);
    for (const one of [key, other.key]) await site.client.as(one).known();
    const answers = await Promise.all(
      [mix(key, other.key), mix(other.key, key)].map((forged) =>
        site.client.as(forged).ask(channelPath('x')),
      ),
    );
    const [a, b] = answers.map((reply) => reply.text.replace(/"requestId":"[^"]+"/, ''));
    expect(a).toBe(b);
    for (const reply of answers) refused(reply, 401, 'unauthenticated');
  });

  test.each(['?key=', '?access_token=', '?cursor=', '?wait=0&x='])(
    'in the URL (%s) is refused with key_in_url',
    async (query) => {
      const path = `/v1/channels/x/messages${query}${site.holdline.apiKey}`;
      refused(await site.client.ask(path), 400, 'key_in_url');
      refused(await ask(url() + path), 400, 'key_in_url');
      refused(
        await site.client.ask(`/v1/channels/${site.holdline.apiKey}/messages`),
        400,
        'key_in_url',
      );
    },
  );

  test.each(['/nowhere', '/', '/healthz', '/docs', '/sdk/holdline.js', '/dav/x'])(
    'in the URL of %s, where it serves for nothing, it is refused all the same',
    async (path) => {
      refused(await ask(`${url()}${path}?key=${site.holdline.apiKey}`), 400, 'key_in_url');
    },
  );
});

/** The first key's id with the second's secret, and a checksum that fits. */
function mix(idOf: string, secretOf: string): string {
  const body = [
    ...idOf.split('_').slice(0, 3),
    (secretOf.split('_')[3] as string).slice(0, 32),
  ].join('_');
  return body + base62(crc32(Buffer.from(body)));
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function base62(value: number): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let text = '';
  for (let n = 0, rest = value; n < 6; n++, rest = Math.floor(rest / 62))
    text = digits[rest % 62] + text;
  return text;
}

describe('a client token', () => {
  test('is made by a key: 600 s unless asked, at most 3600', async () => {
    const reply = await site.client.ask('/v1/tokens', { json: {} });
    succeeded(reply, 201);
    const { token, expiresAt } = reply.json as { token: string; expiresAt: string };
    expect(token.split('.')).toHaveLength(3);
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 600_000)).toBeLessThan(10_000);
    refused(await site.client.ask('/v1/tokens', { json: { ttl: 3601 } }), 400, /^invalid_request$/);
    refused(
      await site.client.ask('/v1/tokens', { json: { capabilities: { 'a*b': ['publish'] } } }),
      400,
      'invalid_request',
    );
    refused(
      await site.client.ask('/v1/tokens', { json: { capabilities: { a: ['admin!'] } } }),
      400,
      'invalid_request',
    );
  });

  test('cannot make another token', async () => {
    refused(
      await site.client.as(await site.client.token({})).ask('/v1/tokens', { json: {} }),
      403,
      'forbidden',
    );
  });

  test('may do what it was given and nothing else; the refusal names the missing capability', async () => {
    const token = await site.client.token({
      capabilities: { 'room:*': ['publish', 'subscribe'], lobby: ['subscribe'], '*': ['history'] },
    });
    const client = site.client.as(token);
    await client.publish('room:1', { data: 1 });
    await client.receive('room:1', { from: 'start' });
    await client.receive('lobby');
    await client.history('anything');
    const cases: [Promise<unknown>, RegExp][] = [
      [
        client
          .tryPublish('lobby', { data: 1 })
          .then((reply) => refused(reply, 403, 'forbidden').detail),
        /publish.*lobby/,
      ],
      [
        client
          .ask(channelPath('hall', { wait: 0 }))
          .then((reply) => refused(reply, 403, 'forbidden').detail),
        /subscribe.*hall/,
      ],
      [
        client
          .tryPublish('room', { data: 1 })
          .then((reply) => refused(reply, 403, 'forbidden').detail),
        /publish.*room/,
      ],
      [
        client
          .tryPublish('roomy:1', { data: 1 })
          .then((reply) => refused(reply, 403, 'forbidden').detail),
        /publish.*roomy:1/,
      ],
    ];
    for (const [detail, expected] of cases) expect(await detail).toMatch(expected);
    expect((await site.client.history('lobby')).messages).toEqual([]);
  });

  test('has no right that its key has not', async () => {
    const { key } = await site.owner.createKey(site.holdline.appId, {
      capabilities: { 'room:*': ['subscribe'] },
    });
    const narrow = await site.client.as(key).known();
    const token = await narrow.token({
      capabilities: { '*': ['*'], 'room:*': ['publish', 'subscribe'] },
    });
    const client = site.client.as(token);
    await client.receive('room:1');
    refused(await client.tryPublish('room:1', { data: 1 }), 403, 'forbidden');
    refused(await client.ask(channelPath('other', { wait: 0 })), 403, 'forbidden');
    refused(await client.ask(channelPath('room:1', {}, 'history')), 403, 'forbidden');
  });

  test('that has expired is 401 token_expired; a hold does not outlive it', async () => {
    const client = site.client.as(await site.client.token({ ttl: 1 }));
    const reply = await client.hold('expiring', { wait: 30 }).reply;
    if (reply.status === 200) expect(received(reply).timedOut).toBe(true);
    else refused(reply, 401, 'token_expired');
    // One more second as the clock: skew may be allowed for, but not much.
    await site.client.receive('expiring-clock', { wait: 1 });
    refused(await client.ask(channelPath('expiring', { wait: 0 })), 401, 'token_expired');
  });

  test('signed by a customer’s own server with the key’s signing secret serves alike', async () => {
    const { id, key, signingSecret } = await site.owner.createKey(site.holdline.appId);
    await site.client.as(key).known();
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      clientId: 'carol',
      capabilities: { 'own:*': ['publish'] },
      iat: now,
      exp: now + 60,
    };
    const token = sign({ alg: 'HS256', typ: 'JWT', kid: id }, claims, signingSecret);
    const client = site.client.as(token);
    await client.publish('own:1', { data: 1 });
    refused(await client.tryPublish('other:1', { data: 1 }), 403, 'forbidden');
    const { messages } = await site.client.receive('own:1', { from: 'start' });
    expect(messages[0]?.clientId).toBe('carol');
  });

  test('where only keys may publish, a token may not', async () => {
    const path = `/v1/apps/${site.holdline.appId}/namespaces`;
    succeeded(await site.owner.ask(path, { json: { name: 'official', publishers: 'keys' } }), 201);
    await site.client.receive('clock', { wait: 1 });
    const token = await site.client.token({});
    refused(await site.client.as(token).tryPublish('official:news', { data: 1 }), 403, 'forbidden');
    await site.client.publish('official:news', { data: 1 });
  });
});

function sign(header: object, claims: object, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

test('what is open to all needs no credential, and everything else does', async () => {
  for (const path of ['/healthz', '/readyz', '/openapi.json'])
    succeeded(await ask(url() + path), 200);
  const closed: [string, string][] = [
    ['GET', channelPath('x')],
    ['POST', channelPath('x')],
    ['GET', '/v1/messages?channel=x'],
    ['POST', '/v1/messages'],
    ['POST', '/v1/poll'],
    ['POST', '/v1/tokens'],
    ['GET', channelPath('x', {}, 'history')],
  ];
  for (const [method, path] of closed) {
    const options = method === 'GET' ? {} : { json: { subscriptions: [{ channels: ['x'] }] } };
    refused(await ask(url() + path, { method, ...options }), 401, 'unauthenticated');
  }
});
