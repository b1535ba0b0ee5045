import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServerProcess } from './server-process.js';
import { StartError } from './start-error.js';
import { keeper } from './testing/keeper.js';

let dir: string;
let server: ServerProcess;
let voice: ReturnType<typeof keeper>;
let changes: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdline-'));
  voice = keeper();
  changes = 0;
});
afterEach(async () => {
  server.kill();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/** A server whose main file is this code. */
function make(code: string): ServerProcess {
  const script = join(dir, 'main.mjs');
  writeFileSync(script, code);
  server = new ServerProcess({
    name: 'delivery',
    script,
    env: { ...process.env, DIR: dir },
    voice,
    changed: () => changes++,
  });
  return server;
}

const SERVES = `setInterval(() => {}, 1000); process.send({ ready: true });`;
const DRAINS = `
  import { appendFileSync } from 'node:fs';
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => { appendFileSync(process.env.DIR + '/told', signal + '\\n'); setImmediate(() => process.exit(0)); });
  }
  ${SERVES}`;

describe('ServerProcess', () => {
  test('start resolves when it says that it serves', async () => {
    await make(SERVES).start();
    expect(server.pid).not.toBeNull();
    expect(changes).toBe(1);
  });

  test('one that ends before it serves fails the start, and is not tried again', async () => {
    await expect(make('process.exit(3)').start()).rejects.toThrow(StartError);
    await expect(server.start()).rejects.toThrow(/did not start \(exit code 3\)/);
    expect(server.pid).toBeNull();
    expect(voice.said()).toBe('');
  });

  test('one that dies later is started again, with a line for each', async () => {
    await make(SERVES).start();
    const before = server.pid;
    process.kill(before ?? 0, 'SIGKILL');
    await voice.heard(
      /delivery has ended \(signal SIGKILL\); starting it again in 100 ms[^]*delivery serves again/,
    );
    expect(server.pid).not.toBe(before);
  });

  test('one that keeps dying is waited for longer each time', async () => {
    await make(`process.send({ ready: true }, () => process.exit(1));`).start();
    await voice.heard(/in 100 ms[^]*in 200 ms[^]*in 400 ms/);
  });

  test('stop tells it once, waits for its end, and does not start it again', async () => {
    await make(DRAINS).start();
    await Promise.all([server.stop(), server.stop()]);
    expect(server.pid).toBeNull();
    expect(readFileSync(join(dir, 'told'), 'utf8')).toBe('SIGTERM\n');
    expect(voice.said()).toBe('');
  });

  test('stop while it waits to be started again: it stays down', async () => {
    await make(SERVES).start();
    process.kill(server.pid ?? 0, 'SIGKILL');
    await voice.heard(/has ended/);
    await server.stop();
    expect(server.pid).toBeNull();
    expect(voice.said()).not.toMatch(/serves again/);
  });

  test('Ctrl-C in the terminal does not reach it: it has a process group of its own', async () => {
    await make(SERVES).start();
    const pid = server.pid ?? 0;
    // A signal to the group of that number: it fails unless the process leads one.
    expect(process.kill(-pid, 0)).toBe(true);
  });
});
