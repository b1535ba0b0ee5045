import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LAUNCHER = join(ROOT, 'dist', 'apps', 'holdline', 'src', 'main.js');
const START_MS = 60_000;
const STOP_MS = 10_000;

/** The Holdline of all test files that need none to themselves: each works in an app of its own. */
export class SharedHoldline {
  #databases;
  /** @type {ReturnType<SharedHoldline['_start']> | null} */
  #started = null;

  /** @param {import('./databases.mjs').Databases} databases */
  constructor(databases) {
    this.#databases = databases;
  }

  /** What its demo.json says. */
  async demo() {
    this.#started ??= this._start();
    return (await this.#started).demo;
  }

  /** SIGTERM has to end it with 0, as it has to end every other. */
  async stop() {
    const started = await this.#started?.catch(() => null);
    if (!started) return;
    const { child, dataDir } = started;
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    }
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    if (child.exitCode !== 0)
      throw new Error(`The shared Holdline ended with ${child.exitCode ?? child.signalCode}.`);
  }

  async _start() {
    if (!existsSync(LAUNCHER)) throw new Error('Holdline is not built. Run `npm run build`.');
    const dataDir = await mkdtemp(join(tmpdir(), 'holdline-shared-'));
    const [apiPort, deliveryPort] = await freePorts(2);
    const child = spawn(process.execPath, [LAUNCHER], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        LANG: 'C.UTF-8',
        API_PORT: String(apiPort),
        DELIVERY_PORT: String(deliveryPort),
        HOLDLINE_DATA_DIR: dataDir,
        DATABASE_URL: await this.#databases.lend(),
      },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
    const end = Date.now() + START_MS;
    for (;;) {
      const demo = await readyDemo(dataDir);
      if (demo) return { child, dataDir, demo };
      if (child.exitCode !== null || Date.now() > end) {
        child.kill('SIGKILL');
        throw new Error(`The shared Holdline did not start. It said:\n${said}`);
      }
      await pause(50);
    }
  }
}

/** @param {string} dataDir */
async function readyDemo(dataDir) {
  try {
    const demo = JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8'));
    const urls = [demo.apiUrl, demo.deliveryUrl].map((url) => `${url}/readyz`);
    const answers = await Promise.all(urls.map((url) => fetch(url)));
    return answers.every(({ ok }) => ok) ? demo : null;
  } catch {
    return null;
  }
}

/** @param {number} count */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map(
    (server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port,
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
