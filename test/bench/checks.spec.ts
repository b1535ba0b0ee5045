import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';

interface Answer {
  status: number;
  head: string;
  body: Buffer;
}
interface Asking {
  ask(request: string): Promise<Answer>;
  close(): void;
}
interface Reading {
  readonly received: number;
  open(channels: readonly string[]): Promise<void>;
  reached(count: number, timeoutMs?: number): Promise<void>;
  close(): void;
}
type Address = { host: string; port: number; key: string };

/** The benchmark is plain JavaScript: its modules come without declarations. */
const load = (name: string): Promise<Record<string, unknown>> => import(name);
const { Requester } = (await load('./http-client.mjs')) as {
  Requester: new (address: Address) => Asking;
};
const { Receivers } = (await load('./receivers.mjs')) as {
  Receivers: new (address: Address) => Reading;
};
const { Samples, median } = (await load('./statistics.mjs')) as {
  Samples: new (capacity: number) => { add(ms: number): void; summary(): unknown };
  median: (values: number[]) => number;
};

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers the nth request of a connection with the nth piece (an array: in parts). */
async function scripted(...answers: (string | string[])[]): Promise<Address> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let n = 0;
    socket.on('error', () => undefined);
    socket.on('data', async () => {
      for (const part of [answers[n++] ?? []].flat()) {
        await new Promise((written) => socket.write(part, 'latin1', written));
        await new Promise((turn) => setImmediate(turn));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, key: 'none' };
}

function requester(address: Address): Asking {
  const asking = new Requester(address);
  closing.push(() => asking.close());
  return asking;
}

async function readers(address: Address): Promise<Reading> {
  const reading = new Receivers(address);
  closing.push(() => reading.close());
  await reading.open(['a']);
  return reading;
}

const http = (body: string, cursor = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nHoldline-Cursor: ${cursor}\r\n\r\n${body}`;

const poll = (cursor: string, ...numbers: number[]) =>
  http(JSON.stringify({ messages: numbers.map((n) => ({ data: { n } })), cursor }), cursor);

describe('the load generator’s HTTP client', () => {
  test('puts an answer together from single bytes', async () => {
    const asking = requester(await scripted([...http('hello')]));
    const answer = await asking.ask('GET / HTTP/1.1\r\n\r\n');
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('hello') });
  });

  test('refuses an answer without Content-Length instead of measuring it wrongly', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    const asking = requester(await scripted(chunked));
    await expect(asking.ask('GET / HTTP/1.1\r\n\r\n')).rejects.toThrow('without Content-Length');
  });

  test('notices bytes that nobody asked for', async () => {
    const asking = requester(await scripted(`${http('one')}${http('two')}`));
    await expect(asking.ask('GET / HTTP/1.1\r\n\r\n')).rejects.toThrow('more than was asked for');
  });
});

describe('the load generator’s readers', () => {
  test('take messages in order and go on from each cursor', async () => {
    const reading = await readers(await scripted(poll('0'), poll('1', 1), poll('3', 2, 3)));
    await reading.reached(3);
    expect(reading.received).toBe(3);
  });

  test('P4: a lost message stops the run', async () => {
    const reading = await readers(await scripted(poll('0'), poll('1', 1), poll('3', 3)));
    await expect(reading.reached(3)).rejects.toThrow('message 3 came after message 1');
  });

  test('P3: a repeated message stops the run', async () => {
    const reading = await readers(await scripted(poll('0'), poll('1', 1), poll('2', 1)));
    await expect(reading.reached(3)).rejects.toThrow('message 1 came after message 1');
  });

  test('a message that never comes stops the run and is counted as missing', async () => {
    const reading = await readers(await scripted(poll('0'), poll('1', 1)));
    await reading.reached(1);
    await expect(reading.reached(2, 1)).rejects.toThrow('Only 1 of 2 messages came');
  });

  test('a refusal stops the run and is shown', async () => {
    const refusal = 'HTTP/1.1 429 No\r\nContent-Length: 4\r\n\r\nfull';
    const reading = await readers(await scripted(poll('0'), refusal));
    await expect(reading.reached(1)).rejects.toThrow('answered 429: full');
  });
});

describe('statistics', () => {
  test('a percentile is a value that was measured, by nearest rank', () => {
    const samples = new Samples(200);
    for (let ms = 200; ms >= 1; ms--) samples.add(ms);
    expect(samples.summary()).toEqual({ p50: 100, p99: 198, max: 200 });
  });

  test('a summary of more times than were expected is refused', () => {
    const samples = new Samples(1);
    samples.add(1);
    samples.add(2);
    expect(() => samples.summary()).toThrow('2 times were taken, 1 expected');
  });

  test('the median of an even number lies between the middle two', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
  });
});
