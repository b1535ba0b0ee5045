import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgresError } from './fault.js';
import type { RunAs } from './run-as.js';

/** The superuser is for making the other one; the servers only ever log in as `holdline`. */
export interface Passwords {
  readonly postgres: string;
  readonly holdline: string;
}

/**
 * Makes the files of a new server, or leaves those that are there. A first start that is cut off leaves
 * nothing half made: the files get their name once they are complete.
 */
export async function ensureCluster(
  home: string,
  initdb: string,
  runAs: RunAs,
  durable: boolean,
): Promise<Passwords> {
  const cluster = join(home, 'cluster');
  const passwordFile = join(home, 'passwords.json');
  if (existsSync(cluster)) return readPasswords(passwordFile, home);
  const passwords = { postgres: makePassword(), holdline: makePassword() };
  writeDurably(passwordFile, JSON.stringify(passwords));
  const making = join(home, 'cluster.new');
  const given = join(home, 'initial-password');
  rmSync(making, { recursive: true, force: true });
  rmSync(given, { force: true });
  try {
    writeFileSync(given, passwords.postgres, { mode: 0o600 });
    if (runAs.user) chownSync(given, runAs.user.uid, runAs.user.gid);
    await run(runAs, initdb, [
      `--pgdata=${making}`,
      '--username=postgres',
      `--pwfile=${given}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The same order of text on every machine, whatever locales it has.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ]);
  } finally {
    rmSync(given, { force: true });
  }
  renameSync(making, cluster);
  return passwords;
}

/** Makes the user and the database that Holdline works with, where they are missing. */
export async function ensureDatabase(port: number, passwords: Passwords): Promise<void> {
  const client = new pg.Client(urlOf('postgres', passwords.postgres, port, 'postgres'));
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdline') AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = 'holdline') AS database`,
    );
    const password = client.escapeLiteral(passwords.holdline);
    // No superuser: row-level security binds it like everybody. CREATEROLE is for the migrations.
    if (!rows[0]?.role)
      await client.query(`CREATE ROLE holdline LOGIN CREATEROLE NOINHERIT PASSWORD ${password}`);
    if (!rows[0]?.database) await client.query('CREATE DATABASE holdline OWNER holdline');
  } finally {
    await client.end();
  }
}

export function urlOf(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

function readPasswords(file: string, home: string): Passwords {
  try {
    const { postgres, holdline } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Passwords>;
    if (postgres && holdline) return { postgres, holdline };
  } catch {
    // Missing or unreadable: the same fault to the reader.
  }
  throw new EmbeddedPostgresError(
    `${file} is missing or damaged, so nobody can log in to the database beside it. Put it back from a backup; or, to begin anew without any account, key or setting, move ${home} away.`,
  );
}

/** Hexadecimal, so that it needs no escaping in a URL. */
function makePassword(): string {
  return randomBytes(24).toString('hex');
}

function writeDurably(path: string, text: string): void {
  rmSync(`${path}.new`, { force: true });
  const file = openSync(`${path}.new`, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

function run(runAs: RunAs, program: string, args: readonly string[]): Promise<void> {
  const [command = program, ...rest] = [...runAs.prefix, program, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      ...(runAs.prefix.length === 0 && runAs.user
        ? { uid: runAs.user.uid, gid: runAs.user.gid }
        : {}),
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(
        new EmbeddedPostgresError(
          `The files of the database could not be made. initdb says:\n${said.trim().split('\n').slice(-12).join('\n')}`,
        ),
      );
    });
  });
}
