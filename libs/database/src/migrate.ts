import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Log } from './log.js';

/** A database that cannot be brought to this version's state. The message says what to do. */
export class MigrationError extends Error {}

export interface MigrateOptions {
  /** Folder of `<name>/migration.sql`; default: prisma/migrations of this installation. */
  readonly directory?: string;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Row {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/** The number that Prisma's own migrate takes, so that the two never run at once. */
const LOCK = 72707369;

/** As Prisma makes it, so that its tools can read what was applied here. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Brings the database to this version's state: applies what is missing, in order of name, each in a
 * transaction of its own together with its row. Any number of processes may call it at once.
 * @returns the names of the migrations that were applied now.
 * @throws MigrationError when an applied migration was edited, is unknown here, or does not apply.
 */
export async function migrate(
  url: string,
  log: Log,
  options: MigrateOptions = {},
): Promise<string[]> {
  const migrations = await load(options.directory ?? installedMigrations());
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'holdline migrate',
  });
  // An error here also rejects the query that runs; unheard it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lock(client, log);
    await client.query(TABLE);
    const missing = compare(migrations, await applied(client));
    for (const migration of missing) {
      await apply(client, migration);
      log.info(`Applied migration ${migration.name}.`);
    }
    if (missing.length === 0)
      log.info(`The database is up to date (${migrations.length} migrations).`);
    return missing.map(({ name }) => name);
  } finally {
    // Ends the advisory lock too.
    await client.end().catch(() => undefined);
  }
}

async function load(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(directory, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    }),
  );
}

async function lock(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [
    LOCK,
  ]);
  if (rows[0]?.got) return;
  log.info('Another process migrates this database; waiting for it.');
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
}

async function applied(client: pg.Client): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
  );
  return rows;
}

/** What is still to be applied. */
function compare(migrations: readonly Migration[], rows: readonly Row[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of rows) {
    const migration = known.get(row.migration_name);
    if (!migration) {
      throw new MigrationError(
        `The database has the migration ${row.migration_name}, which this version of Holdline does not know. Start the version that made it, or a newer one.`,
      );
    }
    if (row.finished_at === null) {
      throw new MigrationError(
        `The migration ${row.migration_name} was begun by another tool and did not end. Restore the database from a backup, or finish it with that tool.`,
      );
    }
    if (row.checksum !== migration.checksum) {
      throw new MigrationError(
        `The migration ${row.migration_name} was changed after it had been applied. Put its file back as it was, and write the change as a new migration.`,
      );
    }
  }
  const done = new Set(rows.map((row) => row.migration_name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new MigrationError(
      `The migration ${name} does not apply: ${why}. Nothing of it was stored. Does the database user own its schema, and may it create roles?`,
      { cause: error },
    );
  }
}

/** Beside the sources and beside the build alike: the nearest prisma/migrations above this file. */
function installedMigrations(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'prisma', 'migrations');
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) {
      throw new MigrationError(
        `No folder prisma/migrations above ${start}. Install Holdline as a whole.`,
      );
    }
  }
}
