/**
 * The two servers under test, each as a process tree that this benchmark starts and ends: the bare
 * one, and a whole Holdline (launcher, api, delivery, PostgreSQL) on a data directory of its own.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/apps/holdline/src/main.js', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 15_000;

/**
 * `pristine` until something has been measured on the process.
 * @typedef {{ name: string, target: import('./requests.mjs').Target, pristine: boolean,
 *   restart: () => Promise<void>, stop: () => Promise<void> }} Server
 */

/**
 * @param {string} key the credential that the bare server is sent as well
 * @returns {Promise<Server>}
 */
export async function startBare(key) {
  const begin = async () => {
    // The same room for young objects as Holdline's launcher gives to delivery.
    const execArgv = ['--max-semi-space-size=64'];
    const child = fork(new URL('bare-server.mjs', import.meta.url), { execArgv });
    const [{ port }] = await once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
    return { child, port: Number(port) };
  };
  let running = await begin();
  /** @type {Server} */
  const server = {
    name: 'bare',
    target: { host: '127.0.0.1', port: running.port, key },
    pristine: true,
    restart: async () => {
      await end(running.child);
      running = await begin();
      server.target.port = running.port;
      server.pristine = true;
    },
    stop: () => end(running.child),
  };
  return server;
}

/**
 * @param {string | null} profileDir where each of Holdline's processes leaves a CPU profile at its end
 * @returns {Promise<Server>}
 */
export async function startHoldline(profileDir) {
  if (!existsSync(PROGRAM)) {
    throw new Error('Holdline is not built. Run `npm run build`, then start the benchmark again.');
  }
  const directory = await mkdtemp(join(tmpdir(), 'holdline-'));
  const log = join(directory, 'output.log');
  const dataDir = join(directory, 'data');
  const deliveryPort = await freePort();
  const env = {
    ...process.env,
    API_PORT: String(await freePort()),
    DELIVERY_PORT: String(deliveryPort),
    HOST: '127.0.0.1',
    HOLDLINE_DATA_DIR: dataDir,
    ...(profileDir === null ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` }),
  };

  const begin = async () => {
    // A file, not a pipe: reading a pipe would cost CPU on the machine that is being measured.
    const output = openSync(log, 'a');
    const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', output, output] });
    closeSync(output);
    try {
      await ready(child, deliveryPort, join(dataDir, 'demo.json'));
    } catch (error) {
      child.kill('SIGKILL');
      const said = readFileSync(log, 'utf8').split('\n').slice(-30).join('\n');
      throw new Error(`${/** @type {Error} */ (error).message} Its last output:\n${said}`, {
        cause: error,
      });
    }
    return child;
  };

  /** @type {import('node:child_process').ChildProcess} */
  let child;
  try {
    child = await begin();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'));
  const { apiKey } = demo;
  /** @type {Server} */
  const server = {
    name: 'holdline',
    target: { host: '127.0.0.1', port: deliveryPort, key: apiKey, control: demo },
    pristine: true,
    restart: async () => {
      await end(child);
      child = await begin();
      server.pristine = true;
    },
    stop: async () => {
      await end(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return server;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} port
 * @param {string} demoFile
 */
async function ready(child, port, demoFile) {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) {
      throw new Error(`Holdline ended with exit code ${child.exitCode} while it started.`);
    }
    if (existsSync(demoFile) && (await isReady(port))) return;
    await pause(50);
  }
  throw new Error(`Holdline was not ready within ${START_MS / 1000} s.`);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isReady(port) {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
