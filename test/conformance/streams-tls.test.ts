import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeServerCertificate } from '../support/certificates.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { parseEvents } from '../support/event-stream.js';
import { startHoldline, type Holdline } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { openSocket } from '../support/socket-client.js';
import { published } from '../support/wire.js';

/** Streams where Holdline serves TLS itself. */
const authority = makeAuthority('Test authority');
const server = makeServerCertificate(authority);
const tls = { ca: authority.cert };
let files: string;
let holdline: Holdline;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'holdline-tls-'));
  const [TLS_CERT, TLS_KEY] = [join(files, 'cert.pem'), join(files, 'key.pem')];
  await Promise.all([writeFile(TLS_CERT, server.cert), writeFile(TLS_KEY, server.key)]);
  holdline = await startHoldline({ env: { TLS_CERT, TLS_KEY }, tls });
}, 90_000);
afterAll(async () => {
  await holdline?.stop();
  await rm(files, { recursive: true, force: true });
});

const publish = async (channel: string, data: unknown) =>
  published(
    await ask(holdline.deliveryUrl + channelPath(channel), {
      key: holdline.apiKey,
      json: { data },
      tls,
    }),
  );
const headers = () => ({
  accept: 'text/event-stream',
  authorization: `Bearer ${holdline.apiKey}`,
});
const dataOf = (text: string) =>
  parseEvents(text).events.map((one) => (JSON.parse(one.data) as { data: unknown }).data);
const streams = async () =>
  Number(
    /^holdline_streams (\d+)/m.exec(
      (await ask(`${holdline.deliveryUrl}/metrics`, { tls })).text,
    )?.[1],
  );

test('an event stream over TLS and HTTP/1.1', async () => {
  let text = '';
  const outgoing = request(holdline.deliveryUrl + channelPath('one'), {
    ...tls,
    headers: headers(),
  });
  outgoing.on('error', () => undefined);
  outgoing.on('response', (incoming) => incoming.on('data', (chunk) => (text += String(chunk))));
  outgoing.end();
  await eventually('placed', 5000, () => parseEvents(text).lastEventId !== '');
  await publish('one', 1);
  await eventually('the message', 5000, () => dataOf(text).length === 1);
  outgoing.destroy();
  await eventually('it is given back', 5000, async () => (await streams()) === 0);
});

test('event streams over HTTP/2, several on one connection; a reset one is given back', async () => {
  const session = connect(holdline.deliveryUrl, tls);
  const texts = ['', '', ''];
  const open = texts.map((_, n) => {
    const stream = session.request({ ':path': channelPath('two'), ...headers() });
    stream.on('error', () => undefined);
    stream.on('data', (chunk) => (texts[n] += String(chunk)));
    return stream;
  });
  await eventually('placed', 5000, () =>
    texts.every((text) => parseEvents(text).lastEventId !== ''),
  );
  expect(await streams()).toBe(3);
  await publish('two', { a: 1 });
  await eventually('the message in all', 5000, () =>
    texts.every((text) => dataOf(text).length === 1),
  );
  open[0]?.close();
  await eventually('one is given back', 5000, async () => (await streams()) === 2);
  session.destroy();
  await eventually('all are given back', 5000, async () => (await streams()) === 0);
});

test('a WebSocket over TLS', async () => {
  const client = await openSocket(`${holdline.deliveryUrl}/v1/ws`, {
    key: holdline.apiKey,
    ca: authority.cert,
  });
  client.send({ type: 'subscribe', channels: ['three'] });
  await client.next('subscribed');
  await publish('three', 3);
  await client.next('messages');
  expect(client.messages().map((one) => one['data'])).toEqual([3]);
  client.socket.close();
  expect(await client.closed).toBe(1005);
});
