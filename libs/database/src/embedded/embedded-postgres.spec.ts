import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../testing/eventually.js';
import { silent } from '../testing/postgres.js';
import type { Log } from '../log.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { isPostmaster } from './postmaster.js';

const linux = process.platform === 'linux' ? test : test.skip;
const linuxRoot = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip;

let dataDir: string;
let cluster: string;
let server: EmbeddedPostgres;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
  cluster = join(dataDir, 'postgres', 'cluster');
  server = new EmbeddedPostgres({ dataDir, log: silent, durable: false });
});
afterEach(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client(server.url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A log that keeps what it was told. */
function keeper(): Log & { lines: string[] } {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  return { lines, info: keep, warn: keep, error: keep };
}

/** The next server on the same files, as after a start of the launcher. */
function next(log: Log = silent): EmbeddedPostgres {
  server = new EmbeddedPostgres({ dataDir, log, durable: false });
  return server;
}

const write = () => query('CREATE TABLE kept (x int); INSERT INTO kept VALUES (42)');
const kept = () => query('SELECT x FROM kept');

describe('EmbeddedPostgres', () => {
  test('start, stop, start: what was written is there', async () => {
    await server.start();
    await write();
    await server.stop();
    expect(server.pid).toBeNull();
    expect(existsSync(join(cluster, 'postmaster.pid'))).toBe(false);
    await next().start();
    expect(await kept()).toEqual([{ x: 42 }]);
  });

  test('is durable, listens on 127.0.0.1 alone, and its user is no superuser', async () => {
    server = new EmbeddedPostgres({ dataDir, log: silent });
    await server.start();
    const [settings] = await query(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
         current_setting('listen_addresses') AS listen,
         (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS strong`,
    );
    expect(settings).toEqual({
      fsync: 'on',
      commit: 'on',
      listen: '127.0.0.1',
      strong: false,
    });
  });

  test('nobody gets in without the password, which only its owner may read', async () => {
    await server.start();
    const url = new URL(server.url);
    for (const user of ['holdline', 'postgres']) {
      url.username = user;
      url.password = 'wrong';
      const client = new pg.Client(url.toString());
      await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
    }
    expect(statSync(join(dataDir, 'postgres', 'passwords.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dataDir, 'postgres')).sort()).toEqual(['cluster', 'passwords.json']);
  });

  test('kill -9: it is started again on the same port, with everything that was committed', async () => {
    await server.start();
    await write();
    const { url } = server;
    const pid = server.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await eventually(() => kept().catch(() => null))).toEqual([{ x: 42 }]);
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
  });

  test('stop while it is down and about to be started again leaves nothing running', async () => {
    await server.start();
    const pid = server.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await eventually(() => server.pid === null);
    await server.stop();
    expect(server.pid).toBeNull();
    const again = existsSync(join(cluster, 'postmaster.pid'))
      ? Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10)
      : pid;
    expect(isPostmaster(again, cluster)).toBe(false);
  });

  linux(
    'a server that a killed predecessor left running is ended in good order and replaced',
    async () => {
      await server.start();
      await write();
      const args = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
      await server.stop();
      // Started by hand, so that nobody watches over it.
      chmodSync(dataDir, 0o755);
      const { uid, gid } = statSync(cluster);
      const left = spawn(args[0] ?? '', args.slice(1), {
        stdio: 'ignore',
        cwd: '/',
        ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      });
      const ended = once(left, 'exit');
      await eventually(
        () =>
          existsSync(join(cluster, 'postmaster.pid')) &&
          readFileSync(join(cluster, 'postmaster.pid'), 'utf8').includes('ready'),
      );
      const log = keeper();
      await next(log).start();
      expect(await ended).toEqual([0, null]);
      expect(log.lines.join('\n')).toContain(`still running (process ${left.pid})`);
      expect(await kept()).toEqual([{ x: 42 }]);
    },
  );

  test('a postmaster.pid whose number now belongs to another program is no obstacle', async () => {
    await server.start();
    await write();
    const file = join(cluster, 'postmaster.pid');
    const lines = readFileSync(file, 'utf8').split('\n');
    await server.stop();
    // This very process: alive, and no PostgreSQL.
    writeFileSync(file, [String(process.pid), ...lines.slice(1)].join('\n'));
    await next().start();
    expect(await kept()).toEqual([{ x: 42 }]);
  });

  test('a first start that was cut off is begun anew', async () => {
    await mkdir(join(dataDir, 'postgres', 'cluster.new'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'cluster.new', 'PG_VERSION'), '18\n');
    writeFileSync(join(dataDir, 'postgres', 'passwords.json.new'), '{"postg');
    await server.start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(dataDir, 'postgres', 'cluster.new'))).toBe(false);
  });

  test('without its passwords it says which file is missing and what to do', async () => {
    await server.start();
    await server.stop();
    rmSync(join(dataDir, 'postgres', 'passwords.json'));
    await expect(next().start()).rejects.toThrow(
      /passwords\.json is missing or damaged.*Put it back/,
    );
  });

  test('a start that fails quotes the end of the server’s own log', async () => {
    await server.start();
    await server.stop();
    writeFileSync(join(cluster, 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(next().start()).rejects.toThrow(/does not start[^]*no_such_setting/);
    expect(server.pid).toBeNull();
  });

  linuxRoot(
    'as root it runs as another user, under directories which that user cannot enter',
    async () => {
      chmodSync(dataDir, 0o700);
      const inner = join(dataDir, 'closed');
      await mkdir(inner, { mode: 0o700 });
      server = new EmbeddedPostgres({ dataDir: inner, log: silent, durable: false });
      await server.start();
      expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      const user = statSync(join(inner, 'postgres', 'cluster')).uid;
      expect(user).not.toBe(0);
      expect(status).toMatch(new RegExp(`^Uid:\\t${user}\\t${user}\\t${user}\\t${user}$`, 'm'));
    },
  );

  linux('it has a process group of its own, and ends with us when we are killed', async () => {
    const script = `
      import { EmbeddedPostgres } from ${JSON.stringify(new URL('../../../../dist/libs/database/src/index.js', import.meta.url).href)};
      const log = { info() {}, warn() {}, error() {} };
      const server = new EmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
      await server.start();
      process.send(server.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isPostmaster(pid, cluster)).toBe(true);
    // Field 5 of stat, after the command in brackets: the process group.
    const group = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[2];
    expect(group).toBe(String(pid));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await eventually(() => !isPostmaster(pid, cluster));
    expect(existsSync(join(cluster, 'postmaster.pid'))).toBe(false);
  });
});
