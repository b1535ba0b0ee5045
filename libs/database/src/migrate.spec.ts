import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { migrate, MigrationError } from './migrate.js';
import { silent, startTestPostgres, type TestPostgres } from './testing/postgres.js';

let postgres: TestPostgres;
let directory: string;

beforeAll(async () => {
  postgres = await startTestPostgres({ migrated: false });
});
afterAll(() => postgres?.stop());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterEach(async () => {
  await query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await rm(directory, { recursive: true, force: true });
});

async function query<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, 'migration.sql'), sql);
}

const run = () => migrate(postgres.url, silent, { directory });

describe('migrate', () => {
  test('brings an empty database to the current state, and a second run changes nothing', async () => {
    const first = await migrate(postgres.url, silent);
    expect(first.length).toBeGreaterThan(0);
    const rows = await query('SELECT * FROM "_prisma_migrations"');
    expect(rows).toHaveLength(first.length);
    expect(await migrate(postgres.url, silent)).toEqual([]);
    expect(await query('SELECT * FROM "_prisma_migrations"')).toEqual(rows);
  });

  test('applies only what is missing, in order of name', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    expect(await run()).toEqual(['1_a']);
    await write('3_c', 'ALTER TABLE a ADD COLUMN z int DEFAULT (1)');
    await write('2_b', 'ALTER TABLE a ADD COLUMN y int');
    expect(await run()).toEqual(['2_b', '3_c']);
    expect(
      await query(
        'SELECT migration_name, applied_steps_count FROM "_prisma_migrations" ORDER BY 1',
      ),
    ).toEqual(
      ['1_a', '2_b', '3_c'].map((name) => ({ migration_name: name, applied_steps_count: 1 })),
    );
  });

  test('refuses when an applied migration was edited, and applies nothing', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    await run();
    await write('1_a', 'CREATE TABLE a (x bigint)');
    await write('2_b', 'CREATE TABLE b (x int)');
    await expect(run()).rejects.toThrow(/1_a was changed after it had been applied/);
    expect(await query(`SELECT to_regclass('b') AS b`)).toEqual([{ b: null }]);
  });

  test('refuses a database that a newer version has migrated', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    await write('2_b', 'CREATE TABLE b (x int)');
    await run();
    await rm(join(directory, '2_b'), { recursive: true });
    await expect(run()).rejects.toThrow(/2_b, which this version of Holdline does not know/);
  });

  test('a migration that fails half-way leaves nothing behind, and those before it stay', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    await write('2_b', 'CREATE TABLE b (x int); SELECT 1 / 0');
    await expect(run()).rejects.toThrow(MigrationError);
    expect(await query(`SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') AS b`)).toEqual([
      { a: true, b: null },
    ]);
    await write('2_b', 'CREATE TABLE b (x int)');
    expect(await run()).toEqual(['2_b']);
  });

  test('refuses one that another tool began and did not end', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    await run();
    await query('UPDATE "_prisma_migrations" SET finished_at = NULL');
    await expect(run()).rejects.toThrow(/begun by another tool/);
  });

  test('many processes at once apply each migration once', async () => {
    await write('1_a', 'CREATE TABLE a (x int)');
    await write('2_b', 'CREATE TABLE b (x int)');
    const applied = await Promise.all(Array.from({ length: 5 }, run));
    expect(applied.flat().sort()).toEqual(['1_a', '2_b']);
  });
});
