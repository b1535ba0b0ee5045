import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Database } from './database.js';
import { urlAs } from './roles.js';
import { eventually } from './testing/eventually.js';
import { lendDatabase, type LentDatabase } from './testing/lent-database.js';
import { silent } from './testing/postgres.js';
import { makeTenant } from './testing/rows.js';

let postgres: LentDatabase;
let database: Database;
const open: pg.Client[] = [];

beforeAll(async () => {
  postgres = await lendDatabase();
  database = new Database({ url: postgres.url, log: silent });
  for (const name of ['a', 'b']) await makeTenant(database, name);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.end()));
});
afterAll(async () => {
  await database?.close();
  await postgres?.giveBack();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(urlAs(postgres.url, 'holdline_system'));
  await client.connect();
  open.push(client);
  return client;
}

async function versionOf(client: pg.Client, app: string): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    'SELECT version FROM app WHERE id = $1',
    [app],
  );
  return Number(rows[0]?.version);
}

const touch = (app: string) => `UPDATE app SET name = name WHERE id = '${app}'`;

function revocation(id: string): string {
  return `INSERT INTO revocation (id, tenant_id, app_id, kind, value, issued_before, expires_at, created_by)
    VALUES ('${id}', 'ten_a', 'app_a', 'client', '${id}', now(), now(), 'usr_a')`;
}

/** Waits until the connection with this process id waits for the configuration lock. */
async function untilWaiting(observer: pg.Client, pid: number): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await observer.query(
      `SELECT FROM pg_locks WHERE pid = $1 AND locktype = 'advisory' AND NOT granted`,
      [pid],
    );
    return rowCount === 1;
  });
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

describe('P7: configuration versions become visible in the order of their numbers', () => {
  test('a second change waits for the first one to be committed, and is numbered after it', async () => {
    const [first, second, observer] = [await connect(), await connect(), await connect()];
    await first.query('BEGIN');
    await first.query(touch('app_a'));
    const pid = await pidOf(second);
    const waiting = second.query(touch('app_b'));
    await untilWaiting(observer, pid);
    await first.query('COMMIT');
    await waiting;
    expect(await versionOf(observer, 'app_b')).toBe((await versionOf(observer, 'app_a')) + 1);
  });

  test('a reader that asks for what is newer than it has misses no change of many writers', async () => {
    const writers = await Promise.all(Array.from({ length: 6 }, connect));
    const reader = await connect();
    const seen: string[] = [];
    let version = Number(
      (await reader.query<{ last: string }>('SELECT last_value AS last FROM config_version'))
        .rows[0]?.last,
    );
    const read = async () => {
      const { rows } = await reader.query<{ id: string; version: string }>(
        'SELECT id, version FROM revocation WHERE version > $1 ORDER BY version',
        [version],
      );
      for (const row of rows) {
        seen.push(row.id);
        version = Number(row.version);
      }
    };
    let writing = true;
    const reading = (async () => {
      while (writing) await read();
      await read();
    })();
    await Promise.all(
      writers.map(async (writer, w) => {
        for (let i = 0; i < 25; i++) {
          await writer.query('BEGIN');
          await writer.query(revocation(`rev_${w}_${i}`));
          await writer.query(i % 5 === 0 ? 'ROLLBACK' : 'COMMIT');
        }
      }),
    );
    writing = false;
    await reading;
    const { rows } = await reader.query<{ id: string }>(
      `SELECT id FROM revocation WHERE id ~ '^rev_[0-9]' ORDER BY version`,
    );
    expect(rows).toHaveLength(6 * 20);
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  test('changes that need the same rows in another order do not lock each other out', async () => {
    const [first, second] = [await connect(), await connect()];
    await first.query('BEGIN');
    await first.query(touch('app_a'));
    await second.query('BEGIN');
    const waiting = second.query(touch('app_b'));
    await untilWaiting(await connect(), (second as pg.Client & { processID: number }).processID);
    await first.query(touch('app_b'));
    await first.query('COMMIT');
    await waiting;
    await second.query(touch('app_a'));
    await second.query('COMMIT');
    expect(await versionOf(first, 'app_a')).toBe(await versionOf(first, 'app_b'));
  });

  test('a version cannot be written by hand', async () => {
    const client = await connect();
    const before = await versionOf(client, 'app_a');
    await client.query(`UPDATE app SET version = 0 WHERE id = 'app_a'`);
    expect(await versionOf(client, 'app_a')).toBeGreaterThan(before);
  });

  test('one transaction has one version, also when a part of it was taken back', async () => {
    const client = await connect();
    await client.query('BEGIN');
    await client.query('SAVEPOINT part');
    await client.query(touch('app_a'));
    const taken = await versionOf(client, 'app_a');
    await client.query('ROLLBACK TO part');
    await client.query(touch('app_a'));
    await client.query(touch('app_b'));
    await client.query('COMMIT');
    const version = await versionOf(client, 'app_a');
    expect(version).toBeGreaterThan(taken);
    expect(await versionOf(client, 'app_b')).toBe(version);
    await client.query(touch('app_b'));
    expect(await versionOf(client, 'app_b')).toBeGreaterThan(version);
  });

  test('a setting that a session left behind is not taken for a new version', async () => {
    const client = await connect();
    const before = await versionOf(client, 'app_a');
    await client.query(`SELECT set_config('holdline.config_version', '1:1', false)`);
    await client.query(touch('app_a'));
    expect(await versionOf(client, 'app_a')).toBeGreaterThan(before);
  });

  test.each([`limits = '{"holdsPerKey":1}'`, `status = 'suspended'`])(
    "a tenant's %s is a change of its apps, and of no other tenant's",
    async (set) => {
      const client = await connect();
      const before = [await versionOf(client, 'app_a'), await versionOf(client, 'app_b')];
      await client.query(`UPDATE tenant SET ${set} WHERE id = 'ten_b'`);
      expect(await versionOf(client, 'app_a')).toBe(before[0]);
      expect(await versionOf(client, 'app_b')).toBeGreaterThan(before[1] ?? Infinity);
    },
  );

  test('a plan’s limits are a change of the apps of those who have it, and of nobody else’s', async () => {
    const client = await connect();
    await client.query(`INSERT INTO plan (id, name) VALUES ('changed', 'Changed')`);
    await client.query(`UPDATE tenant SET plan_id = 'changed' WHERE id = 'ten_b'`);
    const before = [await versionOf(client, 'app_a'), await versionOf(client, 'app_b')];
    await client.query(`UPDATE plan SET limits = '{"holds_key":3}' WHERE id = 'changed'`);
    expect(await versionOf(client, 'app_a')).toBe(before[0]);
    expect(await versionOf(client, 'app_b')).toBeGreaterThan(before[1] ?? Infinity);
  });

  test.each([
    ['app', touch('app_a')],
    ['api_key', `UPDATE api_key SET revoked_at = now() WHERE app_id = 'app_a'`],
    ['namespace', `UPDATE namespace SET deleted = true WHERE app_id = 'app_a'`],
    ['revocation', revocation('rev_told')],
    ['tenant', `UPDATE tenant SET limits = '{"holdsPerKey":2}' WHERE id = 'ten_a'`],
  ])('a change of %s is told once, with its version', async (_table, sql) => {
    const [listener, writer] = [await connect(), await connect()];
    const told: string[] = [];
    listener.on('notification', ({ payload }) => told.push(payload ?? ''));
    await listener.query('LISTEN holdline_config');
    await writer.query(`BEGIN; ${sql}; ${touch('app_b')}; COMMIT`);
    const version = await versionOf(writer, 'app_b');
    await eventually(() => told.length > 0);
    await listener.query('SELECT 1');
    expect(told).toEqual([String(version)]);
  });
});
