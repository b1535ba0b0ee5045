import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  makeAuthority,
  makeClientCertificate,
  makeServerCertificate,
} from '../support/certificates.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { startHoldline, type Holdline } from '../support/holdline.js';
import { ask, type ClientTls } from '../support/http-client.js';
import { Http2Client, reply } from '../support/http2-client.js';
import { published, received, refused, succeeded } from '../support/wire.js';

const authority = makeAuthority('Test authority');
const server = makeServerCertificate(authority);
const customers = makeAuthority('Customers');
const customer = makeClientCertificate('device-1', customers);
const stranger = makeClientCertificate('device-2', makeAuthority('Strangers'));
const trusting: ClientTls = { ca: authority.cert };
const known: ClientTls = { ...trusting, cert: customer.cert, key: customer.key };

let files: string;
let env: Record<string, string>;
let holdline: Holdline;
let key: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'holdline-tls-'));
  const paths = {
    TLS_CERT: [join(files, 'cert.pem'), server.cert],
    TLS_KEY: [join(files, 'key.pem'), server.key],
    TLS_CLIENT_CA: [join(files, 'clients.pem'), customers.cert],
  } as const;
  for (const [path, text] of Object.values(paths)) await writeFile(path, text);
  env = Object.fromEntries(Object.entries(paths).map(([name, [path]]) => [name, path]));
});
afterAll(() => rm(files, { recursive: true, force: true }));

const withHoldline = (clientCa: boolean) => {
  beforeAll(async () => {
    const { TLS_CLIENT_CA, ...plain } = env;
    holdline = await startHoldline({
      env: clientCa ? { ...plain, TLS_CLIENT_CA: TLS_CLIENT_CA as string } : plain,
      tls: clientCa ? known : trusting,
    });
    key = holdline.apiKey;
  }, 90_000);
};

const publish = (channel: string, data: unknown, tls: ClientTls = trusting) =>
  ask(holdline.deliveryUrl + channelPath(channel), { key, json: { data }, tls }).then(published);

/** How many bytes a connection that offers HTTP/2 alone gets before the server ends it. */
function bytesOverHttp2(url: string, tls: ClientTls): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ALPNProtocols: ['h2'], ...tls });
  let bytes = 0;
  socket.on('secureConnect', () =>
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
  );
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.on('close', () => resolve(bytes)));
}

describe('with TLS_CERT and TLS_KEY', () => {
  withHoldline(false);
  let client: Http2Client;
  beforeAll(async () => {
    client = await Http2Client.open(holdline.deliveryUrl, trusting);
  });

  test('HTTP/1.1 is served over TLS: publish, receive, refuse, and api', async () => {
    await publish('plain', 1);
    const got = await ask(holdline.deliveryUrl + channelPath('plain', { from: 'start' }), {
      key,
      tls: trusting,
    });
    expect(received(got).messages.map((one) => one.data)).toEqual([1]);
    refused(
      await ask(holdline.deliveryUrl + channelPath('plain'), { tls: trusting }),
      401,
      'unauthenticated',
    );
    succeeded(await ask(`${holdline.apiUrl}/openapi.json`, { tls: trusting }), 200);
  });

  test('HTTP/2 is chosen by ALPN on the same port, at both servers', async () => {
    expect(client.alpn).toBe('h2');
    succeeded(await client.ask('/healthz'), 200);
    succeeded(await client.ask('/openapi.json'), 200);
    const api = await Http2Client.open(holdline.apiUrl, trusting);
    expect(api.alpn).toBe('h2');
    const { email, password } = holdline.demo;
    succeeded(await api.ask('/v1/login', { json: { email, password } }), 200);
    await api.close();
  });

  test('over HTTP/2 a publish, a held receive, its headers and its proof are the same', async () => {
    const now = received(await client.ask(channelPath('two', { wait: 0 }), { key }));
    const held = client.ask(channelPath('two', { wait: 30, cursor: now.cursor }), { key });
    const sent = published(
      await client.ask(channelPath('two'), { key, json: [{ data: 'ä' }, { data: 2 }] }),
    );
    const got = await held;
    expect(received(got).messages.map((one) => [one.data, one.position])).toEqual([
      ['ä', sent.messages[0]?.position],
      [2, sent.messages[1]?.position],
    ]);
    expect(got.headers['connection']).toBeUndefined();
    expect(got.headers['keep-alive']).toBeUndefined();
    expect(got.headers['link']).toContain('rel="next"');
    const empty = await client.ask(channelPath('two', { wait: 1, cursor: received(got).cursor }), {
      key,
    });
    expect(received(empty)).toMatchObject({ timedOut: true, messages: [] });
  });

  test('over HTTP/2 a refusal is the same, also of a body that is still being sent', async () => {
    refused(await client.ask(channelPath('two')), 401, 'unauthenticated');
    refused(await client.ask('/v1/nothing', { key }), 404, 'not_found');
    const wrong = await client.ask('/v1/tokens', { method: 'DELETE', key });
    refused(wrong, 405, 'method_not_allowed');
    expect(wrong.headers['allow']).toBe('POST');
    const open = client.stream(channelPath('two'), { method: 'POST', open: true });
    open.write('{"data":');
    const early = reply(open);
    open.end('1}');
    refused(await early, 401, 'unauthenticated');
    const large = client.stream(channelPath('two'), { method: 'POST', key, open: true });
    const tooLarge = reply(large);
    for (let i = 0; i < 9; i++) large.write(Buffer.alloc(1024 * 1024, 'x'));
    large.end();
    refused(await tooLarge, 413, 'message_too_large');
  });

  test('over HTTP/2 POLL is a method as any other', async () => {
    const headers = { 'notification-type': 'update' };
    const made = await client.ask('/dav/polled', { method: 'SUBSCRIBE', key, headers });
    succeeded(made, 200);
    const id = String(made.headers['subscription-id']);
    const polled = await client.ask('/dav/polled', {
      method: 'POLL',
      key,
      headers: { 'subscription-id': id },
    });
    succeeded(polled, 207);
    expect(polled.text).toContain(`<li>${id}</li>`);
  });

  test('a page of our own origin is known by :authority', async () => {
    const origin = holdline.deliveryUrl;
    succeeded(await client.ask(channelPath('two', { wait: 0 }), { key, headers: { origin } }), 200);
  });

  test('a client that resets its stream, or goes, leaves no hold behind', async () => {
    const holds = async () => {
      const text = (await ask(`${holdline.deliveryUrl}/metrics`, { tls: trusting })).text;
      return Number(/^holdline_holds (\d+)/m.exec(text)?.[1]);
    };
    const other = await Http2Client.open(holdline.deliveryUrl, trusting);
    const streams = [1, 2, 3].map(() => other.stream(channelPath('gone', { wait: 60 }), { key }));
    await eventually('three are held', 5000, async () => (await holds()) === 3);
    streams[0]?.close(8);
    await eventually('two are held', 5000, async () => (await holds()) === 2);
    await other.close();
    await eventually('none is held', 5000, async () => (await holds()) === 0);
  });

  test('S3: one connection holds as many as it was told it may, and each is answered', async () => {
    const many = await Http2Client.open(holdline.deliveryUrl, trusting);
    expect(many.maxStreams).toBe(256);
    const cursor = received(await many.ask(channelPath('many', { wait: 0 }), { key })).cursor;
    const held = Array.from({ length: 256 }, () =>
      many.ask(channelPath('many', { wait: 30, cursor }), { key }),
    );
    await eventually('all are held', 5000, async () => {
      const { text } = await ask(`${holdline.deliveryUrl}/metrics`, { tls: trusting });
      return /^holdline_holds 256$/m.test(text);
    });
    await publish('many', 'all');
    for (const one of held) expect(received(await one).messages).toHaveLength(1);
    await many.close();
  });

  test('S3: a client that opens and resets streams as fast as it can is cut off; others are served', async () => {
    const attacker = await Http2Client.open(holdline.deliveryUrl, trusting);
    for (let burst = 0; burst < 200 && attacker.isUsable; burst++) {
      for (let i = 0; i < 50 && attacker.isUsable; i++)
        attacker.stream(channelPath('rapid', { wait: 60 }), { key }).close(8);
      await new Promise((resolve) => setImmediate(resolve));
      if (burst % 10 === 0)
        succeeded(await client.ask(channelPath('rapid', { wait: 0 }), { key }), 200);
    }
    await attacker.ended;
    succeeded(await client.ask(channelPath('rapid', { wait: 0 }), { key }), 200);
  }, 30_000);

  test('S3: headers beyond 16 KiB are refused and the server lives on', async () => {
    const wide = await Http2Client.open(holdline.deliveryUrl, trusting);
    const outcome = await wide.ask('/healthz', { headers: { 'x-wide': 'x'.repeat(20_000) } }).then(
      (got) => got.status,
      () => 'reset',
    );
    expect(['reset', 431]).toContain(outcome);
    await wide.close();
    succeeded(await client.ask('/healthz'), 200);
  });

  test('SIGTERM drains: GOAWAY, held requests get their cursor, and it exits 0 in time', async () => {
    const cursor = received(await client.ask(channelPath('drain', { wait: 0 }), { key })).cursor;
    const { goaway } = client;
    const held = [1, 2, 3].map(() =>
      client.ask(channelPath('drain', { wait: 60, cursor }), { key }),
    );
    const api = await Http2Client.open(holdline.apiUrl, trusting);
    succeeded(await client.ask('/healthz'), 200);
    const began = performance.now();
    await holdline.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const one of held)
      expect(received(await one)).toMatchObject({ timedOut: true, messages: [] });
    expect(await goaway).toBe(0);
    expect(await client.ended).toBe(true);
    expect(await api.ended).toBe(true);
  }, 30_000);
});

describe('with TLS_CLIENT_CA: mutual TLS', () => {
  withHoldline(true);
  afterAll(() => holdline.stop(), 30_000);

  test('a client with a certificate of that authority is served, by HTTP/1.1 and HTTP/2', async () => {
    await publish('mutual', 1, known);
    const client = await Http2Client.open(holdline.deliveryUrl, known);
    const got = received(await client.ask(channelPath('mutual', { from: 'start' }), { key }));
    expect(got.messages).toHaveLength(1);
    await client.close();
  });

  test.each([
    ['without a certificate', trusting],
    [
      'with a certificate of another authority',
      { ...trusting, cert: stranger.cert, key: stranger.key },
    ],
    ['with the server’s own certificate', { ...trusting, cert: server.cert, key: server.key }],
  ])('a client %s gets no answer, from neither server', async (_who, tls) => {
    for (const url of [holdline.deliveryUrl, holdline.apiUrl]) {
      await expect(ask(`${url}/healthz`, { tls })).rejects.toThrow();
      expect(await bytesOverHttp2(url, tls)).toBe(0);
    }
  });

  test('delivery still learns of changes from api within a second', async () => {
    const login = await ask(`${holdline.apiUrl}/v1/login`, {
      json: { email: holdline.demo.email, password: holdline.demo.password },
      tls: known,
    });
    succeeded(login, 200);
    const cookie = (login.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
    const made = await ask(`${holdline.apiUrl}/v1/apps/${holdline.appId}/keys`, {
      json: {},
      headers: { cookie, origin: holdline.apiUrl },
      tls: known,
    });
    succeeded(made, 201);
    const fresh = (made.json as { key: string }).key;
    await eventually('the new key is known', 5000, async () => {
      const path = holdline.deliveryUrl + channelPath('mutual', { wait: 0 });
      return (await ask(path, { key: fresh, tls: known })).status === 200;
    });
  });
});
