import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lendDatabase } from '../../libs/database/src/testing/lent-database.js';
import { eventually } from './eventually.js';
import { ask, type ClientTls } from './http-client.js';
import { descendantsOf, runningProcesses, signal, type Running } from './processes.js';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LAUNCHER = join(ROOT, 'dist', 'apps', 'holdline', 'src', 'main.js');
/** Kept from one run to the next, as Jest keeps its own. */
const COMPILED = join(tmpdir(), 'holdline-compiled');
const START_MS = 60_000;

/** What demo.json says (protocol, "Starting it"). */
export interface Demo {
  readonly apiUrl: string;
  readonly deliveryUrl: string;
  readonly tenantId: string;
  readonly appId: string;
  readonly apiKey: string;
  readonly email: string;
  readonly password: string;
  readonly operator: { readonly email: string; readonly password: string };
}

export interface HoldlineOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a fresh directory, removed by stop(). A given one stays. */
  readonly dataDir?: string;
  /**
   * `embedded` (default): its own, as `npm start` has it; `lent`: a database of the run's PostgreSQL, at
   * half the cost of a start; or the URL of one that runs already.
   */
  readonly postgres?: string;
  /** False: do not wait for /readyz (a start that is meant to be unready). */
  readonly awaitReady?: boolean;
  /** How to ask it, where it serves https. */
  readonly tls?: ClientTls;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A whole Holdline (launcher, api, delivery, PostgreSQL) in processes of its own. */
export interface Holdline {
  readonly apiUrl: string;
  readonly deliveryUrl: string;
  readonly apiKey: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly demo: Demo;
  readonly dataDir: string;
  /** The launcher's. */
  readonly pid: number;
  /** All that the processes printed since the last (re)start. */
  output(): string;
  apiPid(): number;
  deliveryPid(): number;
  /** The postmaster and its backends. */
  postgresPids(): number[];
  /** To the launcher alone. */
  kill(name: NodeJS.Signals): void;
  /** Settles when the launcher has ended. */
  ended(): Promise<Ended>;
  /** SIGTERM; fails unless it exits with 0 within 10 s. Cleans up in any case. */
  stop(): Promise<void>;
  /** Starts it again on the same ports and directory; a launcher that still runs is stopped first. */
  restart(): Promise<void>;
}

/**
 * Ports nobody listens on, held open together, so that they differ. From below the range that systems
 * take the ports of outgoing connections from: a server that is killed must find its port free again,
 * and thousands of connections may be open meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false));
      server.listen(randomInt(15_000, 32_000), '127.0.0.1', () => resolve(true));
    });
    if (free) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  output(): string;
}

/** Starts the launcher and nothing more; the caller sees to its end. */
export function launch(env: Readonly<Record<string, string>>): Launched {
  if (!existsSync(LAUNCHER)) {
    throw new Error(
      'Holdline is not built. Run `npm run build`, or start the tests by `npm test`, which builds it.',
    );
  }
  const child = spawn(process.execPath, [LAUNCHER], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      // A run starts a hundred of them: each compiles what those before it have not.
      NODE_COMPILE_CACHE: COMPILED,
      LANG: 'C.UTF-8',
      ...env,
    },
  });
  const chunks: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, name) => {
      // What it printed last may still be in the pipe, but a process it left behind may hold that open for ever.
      const late = setTimeout(() => resolve({ code, signal: name }), 1000);
      child.on('close', () => {
        clearTimeout(late);
        resolve({ code, signal: name });
      });
    });
  });
  return { child, ended, output: () => chunks.join('') };
}

export async function startHoldline(options: HoldlineOptions = {}): Promise<Holdline> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdline-')));
  const [apiPort, deliveryPort] = await freePorts(2);
  const { postgres = 'embedded' } = options;
  const lent = postgres === 'lent' ? await lendDatabase() : null;
  const databaseUrl = lent?.url ?? (postgres === 'embedded' ? undefined : postgres);
  const env: Record<string, string> = {
    API_PORT: String(apiPort),
    DELIVERY_PORT: String(deliveryPort),
    HOLDLINE_DATA_DIR: dataDir,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    ...options.env,
  };

  let running = launch(env);
  let hasEnded = false;
  const watch = () => {
    hasEnded = false;
    const mine = running;
    void mine.ended.then(() => {
      if (mine === running) hasEnded = true;
    });
  };
  watch();

  /** Noted when the launcher is killed: its children may outlive it. */
  let orphans: Running[] = [];
  const cleanUp = async () => {
    const known = [...orphans, ...descendantsOf(running.child.pid as number)];
    const leftOver = () =>
      runningProcesses().filter(
        (one) =>
          one.pid === running.child.pid ||
          one.command.includes(dataDir) ||
          known.some((before) => before.pid === one.pid && before.command === one.command),
      );
    for (const one of leftOver()) signal(one.pid, 'SIGKILL');
    await eventually(
      'everything that was started has ended',
      10_000,
      () => leftOver().length === 0,
    );
    if (options.dataDir === undefined)
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    await lent?.giveBack();
  };

  const ready = async (): Promise<Demo> => {
    try {
      const demo = await eventually('Holdline is ready', START_MS, async () => {
        if (hasEnded) return 'ended';
        const demo = JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8')) as Demo;
        const at = await Promise.all(
          [demo.apiUrl, demo.deliveryUrl].map((url) =>
            ask(`${url}/readyz`, options.tls ? { tls: options.tls } : {}),
          ),
        );
        return (options.awaitReady === false || at.every((one) => one.status === 200)) && demo;
      });
      if (demo === 'ended') throw new Error('The launcher ended by itself.');
      return demo;
    } catch (error) {
      const said = running.output().slice(-4000);
      await cleanUp();
      throw new Error(`Holdline did not start. It said:\n${said}`, { cause: error });
    }
  };
  const demo = await ready();

  const childPid = (part: string): number => {
    const found = descendantsOf(running.child.pid as number).find((one) =>
      one.command.includes(part),
    );
    if (!found)
      throw new Error(
        `No process of ${part} runs. Holdline said:\n${running.output().slice(-4000)}`,
      );
    return found.pid;
  };

  return {
    apiUrl: demo.apiUrl,
    deliveryUrl: demo.deliveryUrl,
    apiKey: demo.apiKey,
    appId: demo.appId,
    tenantId: demo.tenantId,
    demo,
    dataDir,
    get pid() {
      return running.child.pid as number;
    },
    output: () => running.output(),
    apiPid: () => childPid('apps/api/'),
    deliveryPid: () => childPid('apps/delivery/'),
    postgresPids: () =>
      descendantsOf(running.child.pid as number)
        .filter((one) => /(^|\/)postgres(:|\s|$)/.test(one.command))
        .map((one) => one.pid),
    kill: (name) => {
      orphans = descendantsOf(running.child.pid as number);
      signal(running.child.pid as number, name);
    },
    ended: () => running.ended,
    stop: async () => {
      try {
        if (!hasEnded) await stopWithin(running, 10_000);
      } finally {
        await cleanUp();
      }
    },
    restart: async () => {
      if (!hasEnded) await stopWithin(running, 10_000);
      running = launch(env);
      watch();
      await ready();
    },
  };
}

async function stopWithin(running: Launched, ms: number): Promise<void> {
  running.child.kill('SIGTERM');
  const late = Symbol('late');
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  const end = await Promise.race([running.ended, bound]);
  clearTimeout(timer);
  if (end === late)
    throw new Error(
      `Holdline did not stop within ${ms} ms of SIGTERM:\n${running.output().slice(-4000)}`,
    );
  if (end.code !== 0) {
    throw new Error(
      `Holdline ended with ${end.code ?? end.signal} instead of 0:\n${running.output().slice(-4000)}`,
    );
  }
}
