import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { RESPONSE_BYTES, Sender, type Resolve } from './outgoing-request.js';
import { Receiver } from './testing/receiver.js';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const request = (url: string) => ({ url, headers: { 'webhook-id': 'evt_1' }, body: '{"a":1}' });
const open = new Sender({ allowPrivate: true, timeoutMs: 1_000 });

describe('sending to where a tenant said', () => {
  test('the body arrives byte for byte, and the answer comes back', async () => {
    receiver.answer = (response) => response.writeHead(201, { 'x-some': 'thing' }).end('thanks');
    const outcome = await open.send(request(receiver.url));
    expect(outcome).toMatchObject({ status: 201, error: null, cut: false });
    expect(outcome.body.toString()).toBe('thanks');
    expect(outcome.headers['x-some']).toBe('thing');
    expect(receiver.received).toMatchObject([
      { body: '{"a":1}', headers: { 'webhook-id': 'evt_1' } },
    ]);
  });

  test('an endpoint that never answers is given up in time', async () => {
    receiver.answer = () => {};
    expect(await open.send(request(receiver.url))).toMatchObject({
      status: null,
      error: 'no answer in time',
    });
  });

  test('an answer without an end is cut at 64 kB, with its connection', async () => {
    let closed = () => {};
    const ended = new Promise<void>((resolve) => (closed = resolve));
    let sent = 0;
    receiver.answer = (response) => {
      const chunk = Buffer.alloc(16 * 1024, 'x');
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.writeHead(200).on('drain', more).on('close', closed);
      more();
    };
    const outcome = await open.send(request(receiver.url));
    expect(outcome).toMatchObject({ status: 200, cut: true });
    expect(outcome.body).toHaveLength(RESPONSE_BYTES);
    await ended;
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test('an answer whose body never ends is an answer: its status counts', async () => {
    const hanging = new Sender({ allowPrivate: true, timeoutMs: 300 });
    receiver.answer = (response) => void response.writeHead(200).write('some');
    expect(await hanging.send(request(receiver.url))).toMatchObject({ status: 200, cut: true });
  });

  test('one that closes without an answer is a failure that says so', async () => {
    receiver.answer = (response) => void response.socket?.destroy();
    const outcome = await open.send(request(receiver.url));
    expect(outcome.status).toBeNull();
    expect(outcome.error).toMatch(/hang up|ECONNRESET/);
  });

  test('headers that never end are given up', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write(`x-more: ${'y'.repeat(4096)}\r\n`), 1);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await open.send(request(`http://127.0.0.1:${port}/`));
    expect(outcome.status).toBeNull();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a redirect is not followed, wherever it leads', async () => {
    const inner = await Receiver.start();
    receiver.answer = (response) => response.writeHead(307, { location: inner.url }).end();
    expect(await open.send(request(receiver.url))).toMatchObject({ status: 307 });
    expect(inner.received).toEqual([]);
    await inner.stop();
  });
});

describe('S11: a private address is never connected to', () => {
  const strictWith = (resolve: Resolve) =>
    new Sender({ allowPrivate: false, resolve, timeoutMs: 2_000 });

  test.each([
    ['127.0.0.1', 4],
    ['169.254.169.254', 4],
    ['10.0.0.1', 4],
    ['::1', 6],
    ['::ffff:127.0.0.1', 6],
    ['64:ff9b::7f00:1', 6],
    ['fd00:ec2::254', 6],
  ])('a name that leads to %s', async (address, family) => {
    const outcome = await strictWith(async () => [{ address, family }]).send(
      request('https://rebind.example.com/'),
    );
    expect(outcome.status).toBeNull();
    expect(outcome.error).toContain('private address');
  });

  test('a name that has a public address beside a private one', async () => {
    const outcome = await strictWith(async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]).send(request('https://both.example.com/'));
    expect(outcome.error).toContain('private address');
  });

  test('a name that was public when it was asked for before: each connection asks and looks anew', async () => {
    const answers = ['93.184.216.34', '127.0.0.1'];
    const seen: string[] = [];
    const sender = strictWith(async () => {
      const address = answers.shift() ?? '127.0.0.1';
      seen.push(address);
      if (address !== '127.0.0.1') throw new Error('the resolver was asked: no network here');
      return [{ address, family: 4 }];
    });
    await sender.send(request('https://rebind.example.com/'));
    const outcome = await sender.send(request('https://rebind.example.com/'));
    expect(seen).toEqual(['93.184.216.34', '127.0.0.1']);
    expect(outcome.error).toContain('private address');
  });

  test('an address in the URL itself, in any spelling: nothing is connected', async () => {
    const { port } = receiver;
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]']) {
      for (const url of [`https://${host}/`, `http://${host}:${port}/`, `https://${host}:${port}/`])
        expect((await new Sender({ allowPrivate: false }).send(request(url))).status).toBeNull();
    }
    expect(receiver.received).toEqual([]);
  });
});
