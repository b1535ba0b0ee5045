import type pg from 'pg';
import type { TableShape } from './schema-file.js';

/** What PostgreSQL's own catalogue says of every table but the migration runner's. */
export async function readCatalogue(
  client: pg.Client,
): Promise<{ tables: Record<string, TableShape>; enums: Record<string, string[]> }> {
  const { rows: tables } = await client.query<{ table: string }>(
    `SELECT relname AS table FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`,
  );
  const shapes: Record<string, TableShape> = {};
  for (const { table } of tables) shapes[table] = await readTable(client, table);
  const { rows: enums } = await client.query<{ name: string; values: string[] }>(
    `SELECT typname AS name, array_agg(enumlabel::text ORDER BY enumsortorder) AS values
     FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname`,
  );
  return {
    tables: shapes,
    enums: Object.fromEntries(enums.map(({ name, values }) => [name, values])),
  };
}

async function readTable(client: pg.Client, table: string): Promise<TableShape> {
  const { rows: columns } = await client.query<{ name: string; said: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' not null' ELSE '' END || CASE WHEN atthasdef THEN ' default' ELSE '' END AS said
     FROM pg_attribute WHERE attrelid = format('public.%I', $1::text)::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  const { rows: indexes } = await client.query<{
    columns: string;
    is_primary: boolean;
    is_unique: boolean;
  }>(
    `SELECT indisprimary AS is_primary, indisunique AS is_unique,
       (SELECT string_agg(attname, ', ' ORDER BY place)
        FROM unnest(indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = k.number) AS columns
     FROM pg_index WHERE indrelid = format('public.%I', $1::text)::regclass`,
    [table],
  );
  const { rows: keys } = await client.query<{ said: string }>(
    `SELECT pg_get_constraintdef(oid) AS said FROM pg_constraint
     WHERE contype = 'f' AND conrelid = format('public.%I', $1::text)::regclass`,
    [table],
  );
  return {
    columns: Object.fromEntries(columns.map(({ name, said }) => [name, said])),
    primaryKey: indexes.find(({ is_primary }) => is_primary)?.columns ?? '',
    uniques: indexes
      .filter((index) => index.is_unique && !index.is_primary)
      .map((index) => index.columns)
      .sort(),
    indexes: indexes
      .filter((index) => !index.is_unique)
      .map((index) => index.columns)
      .sort(),
    foreignKeys: keys.map(({ said }) => foreignKey(said)).sort(),
  };
}

function foreignKey(definition: string): string {
  const found =
    /^FOREIGN KEY \(([^)]+)\) REFERENCES (\S+)\(([^)]+)\)(?:.* ON DELETE (CASCADE|RESTRICT|SET NULL))?/.exec(
      definition,
    );
  const [, from = '', table = '', to = '', action = 'NO ACTION'] = found ?? [];
  return `${from} > ${table.replaceAll('"', '')}(${to}) on delete ${action.toLowerCase()}`;
}
