import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { untilReady } from './until-ready.js';

let server: Server;
let port: number;
let asked: number;
/** How many times the server says no before it says yes. */
let refusals: number;

beforeEach(async () => {
  asked = 0;
  server = createServer((request, response) => {
    response.statusCode = request.url === '/readyz' && asked++ >= refusals ? 200 : 503;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

describe('untilReady', () => {
  test('asks until the server can serve', async () => {
    refusals = 2;
    expect(await untilReady({ host: '0.0.0.0', port, tls: false }, 30_000)).toBe(true);
    expect(asked).toBe(3);
  });

  test('gives up in time', async () => {
    refusals = Infinity;
    expect(await untilReady({ host: '127.0.0.1', port, tls: false }, 0)).toBe(false);
    expect(await untilReady({ host: '127.0.0.1', port, tls: true }, 0)).toBe(false);
  });
});
