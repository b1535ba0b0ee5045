import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { readCatalogue } from './testing/catalogue.js';
import { lendDatabase, type LentDatabase } from './testing/lent-database.js';
import { readSchema } from './testing/schema-file.js';

let postgres: LentDatabase;
let client: pg.Client;

beforeAll(async () => {
  postgres = await lendDatabase();
  client = new pg.Client(postgres.url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await postgres?.giveBack();
});

describe('schema.prisma and the migrated database say the same', () => {
  const said = readSchema(new URL('../../../prisma/schema.prisma', import.meta.url));

  test('the same tables, none more on either side', async () => {
    const { tables } = await readCatalogue(client);
    expect(Object.keys(said.tables).sort()).toEqual(Object.keys(tables).sort());
    // Both readers found something: two empty lists would agree as well.
    expect(Object.keys(said.tables).length).toBeGreaterThan(8);
  });

  test.each(Object.keys(said.tables))(
    '%s: columns, types, nullability, defaults, keys, indexes and references',
    async (table) => {
      const { tables } = await readCatalogue(client);
      expect(tables[table]).toEqual(said.tables[table]);
    },
  );

  test('the same enums with the same values in the same order', async () => {
    expect((await readCatalogue(client)).enums).toEqual(said.enums);
  });

  test('a column that only the database has is noticed', async () => {
    await client.query('BEGIN; ALTER TABLE app ADD COLUMN extra text');
    const { tables } = await readCatalogue(client);
    await client.query('ROLLBACK');
    expect(tables['app']).not.toEqual(said.tables['app']);
  });
});
