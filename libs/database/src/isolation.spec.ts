import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Database } from './database.js';
import { urlAs } from './roles.js';
import { BILLING_TABLES } from './testing/billing-rows.js';
import { lendDatabase, type LentDatabase } from './testing/lent-database.js';
import { silent } from './testing/postgres.js';
import { keyId, keyRest, makeTenant } from './testing/rows.js';

/** Every table whose rows belong to a tenant, and the column that says to which. */
const TENANT_TABLES = {
  tenant: 'id',
  member: 'tenant_id',
  app: 'tenant_id',
  api_key: 'tenant_id',
  namespace: 'tenant_id',
  revocation: 'tenant_id',
  usage_hour: 'tenant_id',
  usage_channel_hour: 'tenant_id',
  activity: 'tenant_id',
  key_use: 'tenant_id',
  audit_entry: 'tenant_id',
  audit_head: 'tenant_id',
  webhook_endpoint: 'tenant_id',
  webhook_event: 'tenant_id',
  webhook_delivery: 'tenant_id',
  webhook_attempt: 'tenant_id',
  budget: 'tenant_id',
  ...Object.fromEntries(BILLING_TABLES.map((table) => [table, 'tenant_id'])),
};
/** Tenants read these and change none of their rows, not even their own. */
const UNCHANGED: readonly string[] = [
  'usage_hour',
  'usage_channel_hour',
  'activity',
  'key_use',
  'audit_entry',
  'webhook_event',
  'webhook_attempt',
  ...BILLING_TABLES,
];
const TABLES = Object.entries(TENANT_TABLES).map(([table, column]) => ({ table, column }));

let postgres: LentDatabase;
let database: Database;

beforeAll(async () => {
  postgres = await lendDatabase();
  database = new Database({ url: postgres.url, log: silent });
  await makeTenant(database, 'a');
  await makeTenant(database, 'b');
});
afterAll(async () => {
  await database?.close();
  await postgres?.giveBack();
});

/** Runs statements on a connection of its own: `url` says as whom, `tenant` for whom. Rolled back. */
async function raw(url: string, tenant: string | null, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('BEGIN');
    if (tenant !== null)
      await client.query(`SELECT set_config('app.tenant_id', $1, true)`, [tenant]);
    const result = await client.query(sql);
    await client.query('ROLLBACK');
    return result;
  } finally {
    await client.end();
  }
}
const asApp = (tenant: string | null, sql: string) =>
  raw(urlAs(postgres.url, 'holdline_app'), tenant, sql);

describe('P5: no tenant sees another (row-level security)', () => {
  test('every table has it, forced upon the owner too', async () => {
    const { rows } = await raw(
      postgres.url,
      null,
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND relname <> '_prisma_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)`,
    );
    expect(rows).toEqual([]);
  });

  test('every table with a tenant_id that tenants may read is in this test', async () => {
    const { rows } = await raw(
      postgres.url,
      null,
      `SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'tenant_id'
       WHERE relkind = 'r' AND has_any_column_privilege('holdline_app', pg_class.oid, 'SELECT') ORDER BY 1`,
    );
    expect(rows.map((row: { relname: string }) => row.relname)).toEqual(
      Object.keys(TENANT_TABLES)
        .filter((table) => table !== 'tenant')
        .sort(),
    );
  });

  test('neither role logs in, owns anything or may bypass it', async () => {
    const { rows } = await raw(
      postgres.url,
      null,
      `SELECT rolname, rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole
         OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS strong
       FROM pg_roles WHERE rolname IN ('holdline_app', 'holdline_system') ORDER BY 1`,
    );
    expect(rows).toEqual([
      { rolname: 'holdline_app', strong: false },
      { rolname: 'holdline_system', strong: false },
    ]);
  });

  describe.each(TABLES)('$table', ({ table, column }) => {
    test('a tenant reads its own rows and no others', async () => {
      const { rows } = await asApp('ten_a', `SELECT ${column} AS owner FROM ${table}`);
      // Of a ledger transaction there are two at least.
      expect(new Set(rows.map(({ owner }: { owner: string }) => owner))).toEqual(
        new Set(['ten_a']),
      );
    });

    test.each([null, '', 'ten_none', '%'])(
      'with the tenant %p nothing is there',
      async (tenant) => {
        expect((await asApp(tenant, `SELECT FROM ${table}`)).rowCount).toBe(0);
      },
    );

    test("another tenant's rows cannot be changed", async () => {
      const set = table === 'tenant' ? 'name = name' : `${column} = ${column}`;
      const changed = await asApp(
        'ten_a',
        `UPDATE ${table} SET ${set} WHERE ${column} = 'ten_b'`,
      ).then(
        ({ rowCount }) => rowCount,
        (error: pg.DatabaseError) => error.code,
      );
      expect(changed).toBe(UNCHANGED.includes(table) ? '42501' : 0);
    });

    test("another tenant's rows cannot be deleted", async () => {
      const gone = await asApp('ten_a', `DELETE FROM ${table} WHERE ${column} = 'ten_b'`).then(
        ({ rowCount }) => rowCount,
        (error: pg.DatabaseError) => error.code,
      );
      // Insufficient privilege where tenants may delete nothing at all.
      expect(gone).toBe(['member', 'budget'].includes(table) ? 0 : '42501');
    });

    test('the connection of the owner, without a role, sees nothing', async () => {
      expect((await raw(postgres.url, 'ten_a', `SELECT FROM ${table}`)).rowCount).toBe(0);
    });
  });

  test('a row cannot be given to another tenant, neither at first nor later', async () => {
    const stolen = [
      `INSERT INTO app (id, tenant_id, name) VALUES ('app_x', 'ten_b', 'x')`,
      `INSERT INTO member (tenant_id, user_id, role) VALUES ('ten_b', 'usr_a', 'owner')`,
      `INSERT INTO namespace (app_id, tenant_id, name) VALUES ('app_b', 'ten_b', 'x')`,
      `UPDATE app SET tenant_id = 'ten_b'`,
      `UPDATE member SET tenant_id = 'ten_b'`,
      `UPDATE api_key SET tenant_id = 'ten_b', app_id = 'app_b'`,
      `UPDATE namespace SET tenant_id = 'ten_b', app_id = 'app_b', name = 'y'`,
      `UPDATE revocation SET tenant_id = 'ten_b', app_id = 'app_b'`,
    ];
    for (const sql of stolen) {
      await expect(asApp('ten_a', sql)).rejects.toThrow(/row-level security/);
    }
  });

  test("a row cannot point at another tenant's app, nor a key at another app's key", async () => {
    const foreign = database.withTenant('ten_a', (tx) =>
      tx.apiKey.create({
        data: { id: keyId('foreign'), tenantId: 'ten_a', appId: 'app_b', ...keyRest },
      }),
    );
    await expect(foreign).rejects.toMatchObject({ code: 'P2003' });
    const replaces = database.withTenant('ten_a', (tx) =>
      tx.apiKey.create({
        data: {
          id: keyId('rotated'),
          tenantId: 'ten_a',
          appId: 'app_a',
          replaces: keyId('b'),
          ...keyRest,
        },
      }),
    );
    await expect(replaces).rejects.toMatchObject({ code: 'P2003' });
  });

  test.each([
    ...['"user"', 'session', 'operator'],
    ...['two_step', 'recovery_code', 'passkey', 'spent_challenge', 'oidc_identity'],
  ])('a tenant cannot read all of %s', async (table) => {
    await expect(asApp('ten_a', `SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
  });

  test('a tenant sees who its members are, without password hashes, and nobody else', async () => {
    const { rows } = await asApp('ten_a', 'SELECT id, email FROM "user"');
    expect(rows).toEqual([{ id: 'usr_a', email: 'a@example.test' }]);
    await expect(asApp('ten_a', 'SELECT password_hash FROM "user"')).rejects.toMatchObject({
      code: '42501',
    });
  });

  test.each([`limits = '{}'`, `status = 'active'`, `id = 'ten_z'`])(
    'a tenant cannot set its own %s',
    async (set) => {
      await expect(asApp('ten_a', `UPDATE tenant SET ${set}`)).rejects.toMatchObject({
        code: '42501',
      });
    },
  );

  test.each(['app', 'api_key', 'namespace'])(
    'nobody deletes a row of %s: delivery would not learn of it',
    async (table) => {
      const url = urlAs(postgres.url, 'holdline_system');
      await expect(raw(url, null, `DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  test('a role in the URL itself does not win over ours, and RESET ROLE leads back to it', async () => {
    const url = new URL(postgres.url);
    url.searchParams.set('options', '-c role=holdline_system');
    expect(
      (await raw(urlAs(url.toString(), 'holdline_app'), null, 'SELECT FROM app')).rowCount,
    ).toBe(0);
    await expect(
      raw(urlAs(postgres.url, 'holdline_app'), null, 'RESET ROLE; SELECT * FROM operator'),
    ).rejects.toMatchObject({
      code: '42501',
    });
  });
});

describe('P5: withTenant', () => {
  test('sees its tenant, and nothing of the other by any id', async () => {
    const seen = await database.withTenant('ten_a', async (tx) => ({
      apps: (await tx.app.findMany()).map(({ id }) => id),
      foreignApp: await tx.app.findUnique({ where: { id: 'app_b' } }),
      foreignKeys: await tx.apiKey.findMany({ where: { tenantId: 'ten_b' } }),
      changed: await tx.namespace.updateMany({
        where: { appId: 'app_b' },
        data: { deleted: true },
      }),
      members: await tx.member.findMany({ select: { user: { select: { email: true } } } }),
    }));
    expect(seen).toEqual({
      apps: ['app_a'],
      foreignApp: null,
      foreignKeys: [],
      changed: { count: 0 },
      members: [{ user: { email: 'a@example.test' } }],
    });
  });

  test('the tenant of one transaction is gone in the next one on the same connection', async () => {
    const narrow = new Database({ url: postgres.url, log: silent, poolSize: 1 });
    try {
      const pid = () =>
        narrow.withTenant(
          'ten_a',
          (tx) => tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`,
        );
      const before = await pid();
      expect(
        await narrow.withTenant('ten_b', (tx) => tx.app.findMany({ select: { id: true } })),
      ).toEqual([{ id: 'app_b' }]);
      expect(await pid()).toEqual(before);
    } finally {
      await narrow.close();
    }
  });

  test('an empty tenant is refused before anything is asked', () => {
    expect(() => database.withTenant('', async () => 1)).toThrow(TypeError);
  });

  test('asSystem sees every tenant', async () => {
    const apps = await database.asSystem((tx) =>
      tx.app.findMany({ select: { id: true }, orderBy: { id: 'asc' } }),
    );
    expect(apps).toEqual([{ id: 'app_a' }, { id: 'app_b' }]);
  });
});
