import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { freePorts, launch, startHoldline, type Holdline } from '../support/holdline.js';
import { ask, type Reply } from '../support/http-client.js';
import { received, succeeded } from '../support/wire.js';

/** Protocol, "Starting it". */
const running: Holdline[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const holdline of running.splice(0)) await holdline.stop();
  for (const directory of directories.splice(0))
    await rm(directory, { recursive: true, force: true });
}, 30_000);

async function start(...options: Parameters<typeof startHoldline>): Promise<Holdline> {
  const holdline = await startHoldline(...options);
  running.push(holdline);
  return holdline;
}

async function dataDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdline-'));
  directories.push(directory);
  return directory;
}

describe('a first start', () => {
  test('writes demo.json for its owner alone, with everything that a newcomer needs', async () => {
    const holdline = await start();
    expect((await stat(join(holdline.dataDir, 'demo.json'))).mode & 0o777).toBe(0o600);
    const text = expect.stringMatching(/./) as unknown as string;
    expect(holdline.demo).toEqual({
      apiUrl: text,
      deliveryUrl: text,
      tenantId: text,
      appId: text,
      apiKey: expect.stringMatching(/^hl_(live|test)_[0-9A-Za-z]+_[0-9A-Za-z]+$/),
      email: expect.stringMatching(/@/),
      password: text,
      operator: { email: expect.stringMatching(/@/), password: text },
    });
    await eventually('the greeting shows the key', 10_000, () =>
      holdline.output().includes(holdline.apiKey),
    );

    const client = new DeliveryClient(holdline.deliveryUrl, holdline.apiKey);
    expect((await client.publish('first', { data: 1 })).messages).toHaveLength(1);

    const pages: Record<string, (reply: Reply) => void> = {
      '/healthz': (reply) => succeeded(reply, 200),
      '/readyz': (reply) => succeeded(reply, 200),
      '/metrics': (reply) => {
        succeeded(reply, 200);
        expect(reply.headers['content-type']).toMatch(/^text\/plain/);
        expect(reply.text).toMatch(/^process_cpu_seconds_total [\d.e+-]+$/m);
      },
      '/openapi.json': (reply) =>
        expect((reply.json as { openapi: string }).openapi).toMatch(/^3\.1\./),
      '/docs': (reply) => expect(reply.headers['content-type']).toMatch(/^text\/html/),
      '/docs/errors/rate_limited': (reply) => expect(reply.text).toContain('Retry-After'),
    };
    for (const url of [holdline.apiUrl, holdline.deliveryUrl]) {
      for (const [path, check] of Object.entries(pages)) {
        const reply = await ask(url + path);
        succeeded(reply, 200);
        check(reply);
      }
    }
  }, 90_000);

  test('a second start keeps the tenant, the key and every message, and needs no second seed', async () => {
    const holdline = await start();
    const client = new DeliveryClient(holdline.deliveryUrl, holdline.apiKey);
    const before = await client.publish('kept', [{ data: 'a' }, { data: 'b' }]);
    const { cursor } = await client.receive('kept', { from: 'start', limit: 1 });
    await holdline.restart();
    const after = await client.receive('kept', { cursor });
    expect(after.messages.map((one) => [one.data, one.position])).toEqual([
      ['b', before.messages[1]?.position],
    ]);
    expect(after.channels['kept']?.lost).toBeNull();
  }, 120_000);
});

describe('a start that cannot be', () => {
  const bad: [string, string, RegExp][] = [
    ['API_PORT', 'eighty', /number|integer|port/i],
    ['DELIVERY_PORT', '70000', /65535|65_535|big|range|most/i],
    ['ENGINE', 'kafka', /embedded/],
    ['DATABASE_URL', 'mysql://localhost/x', /postgres/],
    ['HOLDLINE_MASTER_KEY', 'short', /32 bytes|base64/],
    ['STORAGE_FLOOR_BYTES', '-1', /0|negative/],
  ];
  test.each(bad)(
    '%s=%s stops it with the name, the fault and the fix',
    async (name, value, fault) => {
      const [apiPort, deliveryPort] = await freePorts(2);
      const launched = launch({
        API_PORT: String(apiPort),
        DELIVERY_PORT: String(deliveryPort),
        HOLDLINE_DATA_DIR: await dataDir(),
        [name]: value,
      });
      const { code } = await launched.ended;
      expect(code).toBe(1);
      const line = launched
        .output()
        .split('\n')
        .find((one) => one.includes(name));
      expect(line).toMatch(fault);
      expect(line).toMatch(/correct|set|leave|use|choose/i);
      expect(launched.output()).not.toMatch(/\n\s+at /);
      // A secret's value has no place in a log.
      if (/KEY|DATABASE/.test(name)) expect(launched.output()).not.toContain(value);
    },
    30_000,
  );

  test.each(['API_PORT', 'DELIVERY_PORT'])(
    'a port in use is named with its variable, %s',
    async (name) => {
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const taken = String((server.address() as { port: number }).port);
        const [other] = await freePorts(1);
        const ports = { API_PORT: String(other), DELIVERY_PORT: String(other), [name]: taken };
        const launched = launch({ ...ports, HOLDLINE_DATA_DIR: await dataDir() });
        const { code } = await launched.ended;
        expect(code).toBe(1);
        expect(launched.output()).toMatch(
          new RegExp(`${taken}[^\\n]*${name}|${name}[^\\n]*${taken}`),
        );
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
    60_000,
  );
});

describe('SIGTERM drains', () => {
  test('held polls get their cursor, acknowledged messages are kept, it exits 0 within 10 s', async () => {
    const directory = await dataDir();
    const holdline = await start({ dataDir: directory });
    const client = new DeliveryClient(holdline.deliveryUrl, holdline.apiKey);
    const cursor = await client.now('drained');
    const holds = Array.from({ length: 20 }, () => client.hold('drained', { cursor }));
    await client.settle();

    const began = performance.now();
    await holdline.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    const answers = await Promise.all(holds.map((hold) => hold.reply));
    for (const reply of answers) {
      expect(received(reply)).toMatchObject({ messages: [], timedOut: true });
      expect(reply.headers['connection']).toBe('close');
    }
    running.splice(0);

    const again = await start({ dataDir: directory });
    const next = new DeliveryClient(again.deliveryUrl, again.apiKey);
    await next.publish('drained', { data: 'after' });
    const resumed = await next.receive('drained', { cursor: received(answers[0] as Reply).cursor });
    expect(resumed.messages.map((one) => one.data)).toEqual(['after']);
  }, 120_000);

  test('Ctrl-C does the same', async () => {
    const holdline = await start();
    holdline.kill('SIGINT');
    expect(await holdline.ended()).toEqual({ code: 0, signal: null });
  }, 90_000);
});
