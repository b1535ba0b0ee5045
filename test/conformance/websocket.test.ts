import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { sendRaw } from '../support/raw-http.js';
import { openSocket, type SocketClient } from '../support/socket-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded, WireMessage, WireProblem, WireReceive } from '../support/wire.js';

/** Protocol, "Receive: the held request", last point: GET /v1/ws. Frames: docs/protocol.md. */
const site = useHoldline();

const open: SocketClient[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));

async function connect(options: Parameters<typeof openSocket>[1] & { query?: string } = {}) {
  const { query = '', ...rest } = options;
  const client = await openSocket(`${site.client.url}/v1/ws${query}`, {
    ...(query === '' ? { key: site.client.key } : {}),
    ...rest,
  });
  open.push(client);
  return client;
}

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ data: from + n }));

function expectChain(messages: readonly unknown[], data: readonly unknown[]) {
  const parsed = messages.map((one) => WireMessage.parse(one));
  expect(parsed.map((one) => one.data)).toEqual(data);
  parsed.slice(1).forEach((one, i) => expect(one.previous).toBe(parsed[i]?.position));
}

const problemOf = (frame: Record<string, unknown>) => WireProblem.parse(frame['problem']);

describe('connecting', () => {
  test('speaks holdline.v1 and says hello', async () => {
    const client = await connect();
    expect(client.socket.protocol).toBe('holdline.v1');
    expect(await client.next('hello')).toMatchObject({ protocol: 'holdline.v1', clientId: null });
  });

  test('works without a subprotocol, and with a token in the URL', async () => {
    const token = await site.client.token({ clientId: 'ada' });
    const client = await connect({ query: `?access_token=${token}`, protocol: null });
    expect(await client.next('hello')).toMatchObject({ clientId: 'ada' });
  });

  test('is refused as HTTP: nobody, a key in the URL, another path, another parameter', async () => {
    const url = site.client.url;
    await expect(openSocket(`${url}/v1/ws`)).rejects.toThrow(/^401 .*"unauthenticated"/);
    await expect(openSocket(`${url}/v1/ws?access_token=${site.client.key}`)).rejects.toThrow(
      /^400 .*"key_in_url"/,
    );
    await expect(openSocket(`${url}/v1/socket`, { key: site.client.key })).rejects.toThrow(
      /^404 .*"not_found"/,
    );
    await expect(openSocket(`${url}/v1/ws?x=1`, { key: site.client.key })).rejects.toThrow(
      /^400 .*"invalid_request"/,
    );
  });

  test('a page of an origin that the app does not list is refused', async () => {
    const app = await site.owner.createApp('origins', { allowedOrigins: ['https://good.example'] });
    const { key } = await site.owner.createKey(app);
    await site.client.as(key).known();
    const at = (origin: string) => connect({ key, headers: { origin } });
    await expect(at('https://evil.example')).rejects.toThrow(/^403 .*"forbidden"/);
    await (await at('https://good.example')).next('hello');
  });

  test('plain HTTP is told to upgrade; an upgrade to h2c is served as HTTP/1.1', async () => {
    const plain = await site.client.ask('/v1/ws');
    refused(plain, 426, 'upgrade_required');
    expect(plain.headers['upgrade']).toBe('websocket');
    const head = `Host: x\r\nAuthorization: Bearer ${site.client.key}\r\n`;
    const h2c = await sendRaw(
      site.client.url,
      `GET /v1/channels/h2c/messages?wait=0 HTTP/1.1\r\n${head}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
      { enough: 1 },
    );
    expect(h2c.answers[0]?.status).toBe(200);
    const broken = await sendRaw(
      site.client.url,
      `GET /v1/ws HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      { enough: 1 },
    );
    expect(broken.answers[0]?.status).toBe(400);
  });
});

describe('subscribe', () => {
  test('messages come as a held request’s answers, with the subscription’s id', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', id: 'mine', channels: ['ws-live', 7] });
    expect(await client.next('subscribed')).toEqual({
      type: 'subscribed',
      id: 'mine',
      channels: ['ws-live', '7'],
      cursor: expect.any(String),
    });
    await site.client.publish('ws-live', { data: 1 });
    const { type: _type, id, ...answer } = await client.next('messages');
    expect(id).toBe('mine');
    expectChain(WireReceive.parse(answer).messages, [1]);
    await site.client.publish(7, { data: 2 });
    await client.next('messages', (frame) => JSON.stringify(frame).includes('"channel":"7"'));
  });

  test('P1 P2: 1000 messages, some stored and some live, all there and in order', async () => {
    await site.client.publish('ws-thousand', numbers(400));
    const client = await connect();
    client.send({ type: 'subscribe', channels: ['ws-thousand'], from: 'start', limit: 37 });
    for (let n = 400; n < 1000; n += 50) await site.client.publish('ws-thousand', numbers(50, n));
    await eventually('all of them', 15_000, () => client.messages().length >= 1000);
    expectChain(
      client.messages(),
      numbers(1000).map((one) => one.data),
    );
  });

  test('P4: any cursor goes on, here and in a held request', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', channels: ['ws-resume'] });
    const { cursor } = await client.next('subscribed');
    client.socket.terminate();
    await site.client.publish('ws-resume', numbers(3));
    const next = await connect();
    next.send({ type: 'subscribe', channels: ['ws-resume'], cursor });
    const answer = await next.next('messages');
    expectChain(next.messages(), [0, 1, 2]);
    await site.client.publish('ws-resume', { data: 3 });
    const held = await site.client.receive('ws-resume', { cursor: answer['cursor'] as string });
    expect(held.messages.map((one) => one.data)).toEqual([3]);
  });

  test('several beside each other; unsubscribe ends one', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', id: 'a', channels: ['ws-a'] });
    client.send({ type: 'subscribe', id: 'b', channels: ['ws-b'] });
    await client.next('subscribed', (frame) => frame['id'] === 'b');
    client.send({ type: 'unsubscribe', id: 'a' });
    await client.next('unsubscribed');
    await site.client.publish('ws-a', { data: 'a' });
    await site.client.publish('ws-b', { data: 'b' });
    await client.next('messages');
    expect(client.messages().map((one) => one['data'])).toEqual(['b']);
    client.send({ type: 'unsubscribe', id: 'a' });
    expect(problemOf(await client.next('problem')).code).toBe('not_found');
  });

  test('the same id again: other channels, and nothing missed of those that stay', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', id: 's', channels: ['ws-stays', 'ws-goes'] });
    await client.next('subscribed');
    for (let n = 0; n < 20; n++) {
      await site.client.publish('ws-stays', { data: n });
      client.send({ type: 'subscribe', id: 's', channels: ['ws-stays', `ws-new-${n}`] });
    }
    await eventually('all of them', 5000, () => client.messages('s').length >= 20);
    expectChain(
      client.messages('s'),
      numbers(20).map((one) => one.data),
    );
  });

  test('what may not be read is refused with a problem, and the rest goes on', async () => {
    const token = await site.client.token({ capabilities: { allowed: ['subscribe'] } });
    const client = await connect({ key: token });
    client.send({ type: 'subscribe', id: 'no', channels: ['forbidden'] });
    const frame = await client.next('problem');
    expect([frame['id'], problemOf(frame).code]).toEqual(['no', 'forbidden']);
    client.send({ type: 'subscribe', id: 'bad', channels: ['allowed'], cursor: 'nonsense' });
    expect(problemOf(await client.next('problem', (one) => one['id'] === 'bad')).code).toBe(
      'invalid_cursor',
    );
    client.send({ type: 'subscribe', id: 'yes', channels: ['allowed'] });
    await client.next('subscribed');
  });

  test('is bounded: 50 subscriptions, 500 channels', async () => {
    const client = await connect();
    for (let n = 0; n <= 50; n++)
      client.send({ type: 'subscribe', id: `s${n}`, channels: [`many-${n}`] });
    const frame = await client.next('problem');
    expect(frame['id']).toBe('s50');
    expect(problemOf(frame).limit).toMatchObject({ name: 'socket_subscriptions', max: 50 });
    const channels = Array.from({ length: 460 }, (_, n) => `more-${n}`);
    client.send({ type: 'subscribe', id: 's1', channels });
    const over = await client.next('problem', (one) => one['id'] === 's1');
    expect(problemOf(over).limit).toMatchObject({ name: 'socket_channels', max: 500 });
  });
});

describe('publish', () => {
  test('P1: is answered when it is stored, and again with the same id not stored again', async () => {
    const client = await connect();
    const messages = [{ data: 1, id: 'once' }, { data: 2 }];
    client.send({ type: 'publish', id: 'p1', channel: 'ws-publish', messages });
    const answer = await client.next('published', (frame) => frame['id'] === 'p1');
    expect(answer['messages']).toHaveLength(2);
    client.send({ type: 'publish', id: 'p2', channel: 'ws-publish', messages: [messages[0]] });
    const again = await client.next('published', (frame) => frame['id'] === 'p2');
    expect(again['messages']).toEqual([
      { ...(answer['messages'] as object[])[0], duplicate: true },
    ]);
    const kept = await site.client.receive('ws-publish', { from: 'start' });
    expect(kept.messages.map((one) => one.data)).toEqual([1, 2]);
  });

  test('P2: a thousand in one go are stored in the order they were sent', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', channels: ['ws-order'] });
    await client.next('subscribed');
    for (const { data } of numbers(1000))
      client.send({ type: 'publish', channel: 'ws-order', messages: [{ data }] });
    // A message can come before its publisher is told that it is stored.
    const told = () => client.frames.filter((frame) => frame.type === 'published');
    await eventually(
      'all of them, and that each is stored',
      15_000,
      () => client.messages().length >= 1000 && told().length >= 1000,
    );
    expectChain(
      client.messages(),
      numbers(1000).map((one) => one.data),
    );
    expect(told()).toHaveLength(1000);
  });

  test('a refusal names the frame and stores nothing', async () => {
    const token = await site.client
      .token({ capabilities: { 'ws-*': [], may: ['publish'] } })
      .catch(async () => site.client.token({ capabilities: { may: ['publish'] } }));
    const client = await connect({ key: token });
    const send = (id: string, channel: string, messages: unknown) =>
      client.send({ type: 'publish', id, channel, messages });
    send('forbidden', 'may-not', [{ data: 1 }]);
    send('invalid_message', 'may', [{ data: 1, ttl: -1 }]);
    send('message_too_large', 'may', [{ data: 'x'.repeat(70_000) }]);
    send('position_conflict', 'may', [{ data: 1, ifPosition: 12345 }]);
    for (const code of ['forbidden', 'invalid_message', 'message_too_large', 'position_conflict']) {
      const frame = await client.next('problem', (one) => one['id'] === code);
      expect(problemOf(frame).code).toBe(code);
    }
    expect((await site.client.receive('may', { from: 'start' })).messages).toEqual([]);
  });
});

describe('frames that are none', () => {
  test('get a problem, and the connection stays', async () => {
    const client = await connect();
    const bad = ['nonsense', '[]', '{}', '{"type":"toString"}', '{"type":"subscribe","id":"x"}'];
    for (const frame of bad) client.send(frame);
    client.socket.send(Buffer.from([1, 2, 3]));
    client.send('{"type":"ping","id":"still here","__proto__":{}}');
    await eventually('a problem each', 5000, () => {
      return client.frames.filter((frame) => frame.type === 'problem').length === 7;
    });
    client.send({ type: 'ping', id: 'p' });
    expect(await client.next('pong')).toEqual({ type: 'pong', id: 'p' });
  });

  test('ten in a row close it with 1008', async () => {
    const talker = await connect();
    for (let n = 0; n < 12; n++) talker.send('nonsense');
    expect(await talker.closed).toBe(1008);
  });

  test('too large, broken UTF-8, out of order, unmasked, unknown: a problem first, then the close; nobody else is disturbed', async () => {
    const other = await connect();
    other.send({ type: 'subscribe', channels: ['ws-undisturbed'] });
    await other.next('subscribed');
    // 4 MiB is the most; the header alone tells the size.
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x40, 0, 1, 1, 2, 3, 4]);
    const masked = (first: number, length = 0) => Buffer.from([first, 0x80 | length, 1, 2, 3, 4]);
    const broken: [Buffer, number, string][] = [
      [head, 1009, 'message_too_large'],
      [Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]), 1007, 'invalid_request'],
      // A continuation of nothing, and a text frame inside another.
      [masked(0x80), 1002, 'invalid_request'],
      [Buffer.concat([masked(0x01), masked(0x01)]), 1002, 'invalid_request'],
      [Buffer.from([0x81, 0x01, 0x61]), 1002, 'invalid_request'],
      // An opcode that there is not, a bit that nobody agreed on, a ping in pieces.
      [masked(0x83), 1002, 'invalid_request'],
      [masked(0xc1), 1002, 'invalid_request'],
      [masked(0x09), 1002, 'invalid_request'],
    ];
    for (const [bytes, closeCode, code] of broken) {
      const client = await connect();
      client.raw(bytes);
      expect([bytes.toString('hex'), await client.closed]).toEqual([
        bytes.toString('hex'),
        closeCode,
      ]);
      expect(problemOf(client.frames.at(-1) as Record<string, unknown>).code).toBe(code);
    }
    await site.client.publish('ws-undisturbed', { data: 1 });
    await other.next('messages');
    succeeded(await site.client.ask('/healthz'), 200);
  });

  test('a message of 1 MiB, where the namespace allows it, fits into a frame', async () => {
    const rules = { name: 'wide', maxMessageBytes: 1024 * 1024 };
    const app = `/v1/apps/${site.holdline.appId}/namespaces`;
    succeeded(await site.owner.ask(app, { json: rules }), 201);
    const client = await connect();
    // As JSON with its quotes and braces it is just within; in ASCII alone it takes three times as much.
    const text = 'ü'.repeat(512 * 1024 - 100);
    const escaped = JSON.stringify({
      type: 'publish',
      id: 'big',
      channel: 'wide:load',
      messages: [{ data: text }],
    }).replaceAll('ü', '\\u00fc');
    expect(escaped.length).toBeGreaterThan(3_000_000);
    await eventually('the rule is known', 5000, async () => {
      client.send(escaped);
      const count = client.frames.length;
      await eventually('an answer', 5000, () => client.frames.length > count);
      return client.frames.some((frame) => frame.type === 'published');
    });
    const { messages } = await site.client.receive('wide:load', { from: 'start' });
    expect(messages[0]?.data).toBe(text);
  }, 30_000);

  test('a client that floods and never reads is not read from either, and others are served', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', channels: ['ws-flood'] });
    await client.next('subscribed');
    client.socket.pause();
    const filler = 'x'.repeat(2000);
    for (let n = 0; n < 20_000; n++) {
      client.send({
        type: 'publish',
        id: `${n}`,
        channel: 'ws-flood',
        messages: [{ data: filler }],
      });
    }
    await site.client.receive('flood-clock', { wait: 2 });
    await site.client.publish('ws-flood-other', { data: 'others are served' });
    expect(client.socket.bufferedAmount).toBeGreaterThan(0);
  });

  test('a flood of pings by a client that never reads is cut', async () => {
    const client = await connect();
    client.socket.on('error', () => undefined);
    client.socket.pause();
    for (let n = 0; n < 200_000; n++) client.socket.ping('x'.repeat(120));
    expect(await client.closed).toBe(1006);
  });
});

describe('the end', () => {
  test('P7: a revoked key closes within a second, subscribed or not', async () => {
    const { id, key } = await site.owner.createKey(site.holdline.appId);
    await site.client.as(key).known();
    const [idle, busy] = [await connect({ key }), await connect({ key })];
    busy.send({ type: 'subscribe', channels: ['ws-revoked'] });
    await busy.next('subscribed');
    const began = performance.now();
    succeeded(
      await site.owner.ask(`/v1/apps/${site.holdline.appId}/keys/${id}`, { method: 'DELETE' }),
      204,
    );
    for (const client of [idle, busy]) {
      expect(await client.closed).toBe(1008);
      expect(problemOf(await client.next('problem')).code).toBe('revoked');
    }
    expect(performance.now() - began).toBeLessThan(1500);
  });

  test('an expired token closes it', async () => {
    const client = await connect({ key: await site.client.token({ ttl: 2 }) });
    expect(await client.closed).toBe(1008);
    expect(problemOf(await client.next('problem')).code).toBe('token_expired');
  });

  test('connections and further subscriptions count as holds', async () => {
    const gauge = async () =>
      Number(
        /^holdline_streams (\d+)/m.exec((await site.client.ask('/metrics')).text)?.[1] ?? 'NaN',
      );
    await eventually('those of other tests are gone', 5000, async () => (await gauge()) === 0);
    const clients = [await connect(), await connect()];
    expect(await gauge()).toBe(2);
    for (const { socket } of clients) socket.close();
    await eventually('given back', 5000, async () => (await gauge()) === 0);
  });

  test('a drain answers what was published and closes with 1001', async () => {
    const client = await connect();
    client.send({ type: 'subscribe', channels: ['ws-drain'] });
    const { cursor } = await client.next('subscribed');
    await site.holdline.restart();
    expect(await client.closed).toBe(1001);
    await site.client.publish('ws-drain', { data: 'after' });
    const next = await connect();
    next.send({ type: 'subscribe', channels: ['ws-drain'], cursor });
    await next.next('messages');
    expectChain(next.messages(), ['after']);
  }, 60_000);
});
