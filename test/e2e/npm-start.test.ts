import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { freePorts, ROOT, type Demo } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { descendantsOf, signal } from '../support/processes.js';
import { curlLines, paste } from '../support/shell.js';
import { received } from '../support/wire.js';

/** What is not in a clone, or is made by the first start. */
const LEFT_OUT = ['.git', 'node_modules', 'dist', '.holdline'];

let copy: string;
let npm: ChildProcess;
let output = '';
let ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'holdline-clone-'));
  for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.includes(one))) {
    await cp(join(ROOT, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith('/generated'),
    });
  }
  try {
    execFileSync('cp', ['-al', join(ROOT, 'node_modules'), join(copy, 'node_modules')]);
  } catch {
    // Another file system: the packages are only read.
    await rm(join(copy, 'node_modules'), { recursive: true, force: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  }
  const [apiPort, deliveryPort] = await freePorts(2);
  npm = spawn('npm', ['start'], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      LANG: 'C.UTF-8',
      API_PORT: String(apiPort),
      DELIVERY_PORT: String(deliveryPort),
    },
  });
  npm.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  npm.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  ended = new Promise((resolve) => npm.on('exit', (code, name) => resolve({ code, signal: name })));
}, 120_000);

afterAll(async () => {
  for (const one of npm?.pid ? [...descendantsOf(npm.pid), { pid: npm.pid }] : [])
    signal(one.pid, 'SIGKILL');
  await rm(copy, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

describe('npm start in a clone', () => {
  test('builds, starts, and prints that it runs, with two curl lines that work as pasted', async () => {
    await eventually('it says that it runs', 180_000, () =>
      /Holdline is running/.test(output),
    ).catch((error: unknown) => {
      throw new Error(`npm start said:\n${output.slice(-4000)}`, { cause: error });
    });
    const [receive, publish] = curlLines(output) as [string, string];
    const held = paste(receive);
    await eventually('the receive is held', 20_000, async () => {
      const { text } = await ask(`${(await demo()).deliveryUrl}/metrics`);
      return /^holdline_holds 1$/m.test(text);
    });
    const sent = await paste(publish).done;
    expect([sent.code, sent.out]).toEqual([0, expect.stringContaining('"position"')]);
    const got = await held.done;
    expect([got.code, got.out]).toEqual([0, expect.stringContaining('Hello, world')]);
  }, 240_000);

  test('a held receive is answered within 100 ms of its publish (median of 20)', async () => {
    const { deliveryUrl, apiKey } = await demo();
    const client = new DeliveryClient(deliveryUrl, apiKey);
    let cursor = await client.now('speed');
    const took: number[] = [];
    for (let n = 0; n < 20; n++) {
      const hold = client.hold('speed', { cursor });
      await client.settle();
      const began = performance.now();
      await client.publish('speed', { data: n });
      const reply = await hold.reply;
      cursor = received(reply).cursor;
      took.push(reply.at - began);
    }
    took.sort((a, b) => a - b);
    expect(took[10]).toBeLessThan(100);
  }, 60_000);

  test('SIGTERM to npm drains it: exit 0 within 10 s', async () => {
    const began = performance.now();
    npm.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(10_000);
  }, 30_000);
});

async function demo(): Promise<Demo> {
  return JSON.parse(await readFile(join(copy, '.holdline', 'demo.json'), 'utf8')) as Demo;
}
