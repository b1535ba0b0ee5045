import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConfigChange } from './config-listener.js';
import { Database } from './database.js';
import { DatabaseUnavailable, isUnavailable, isUniqueViolation } from './errors.js';
import { eventually } from './testing/eventually.js';
import { silent, startTestPostgres, type TestPostgres } from './testing/postgres.js';
import { makeTenant } from './testing/rows.js';

let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = new Database({ url: postgres.url, log: silent, poolSize: 2 });
  await makeTenant(database, 'a');
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

const rejected = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe('Database', () => {
  test('what a transaction wrote is gone when its work throws', async () => {
    const fault = new Error('changed my mind');
    const work = database.withTenant('ten_a', async (tx) => {
      await tx.app.create({ data: { id: 'app_gone', tenantId: 'ten_a', name: 'gone' } });
      throw fault;
    });
    expect(await rejected(work)).toBe(fault);
    expect(
      await database.withTenant('ten_a', (tx) => tx.app.findUnique({ where: { id: 'app_gone' } })),
    ).toBeNull();
  });

  test('isUniqueViolation: what exists already, and nothing else', async () => {
    const data = { id: 'usr_2', email: 'a@example.test', passwordHash: 'hash' };
    const twice = await rejected(database.asSystem((tx) => tx.user.create({ data })));
    expect(isUniqueViolation(twice)).toBe(true);
    expect(isUnavailable(twice)).toBe(false);
    const raw = await rejected(
      database.asSystem(
        (tx) => tx.$executeRaw`INSERT INTO tenant (id, name, limits) VALUES ('ten_a', 'a', '{}')`,
      ),
    );
    expect(isUniqueViolation(raw)).toBe(true);
    const upper = await rejected(
      database.asSystem((tx) => tx.user.create({ data: { ...data, email: 'New@example.test' } })),
    );
    expect(upper).not.toBeNull();
    expect(isUniqueViolation(upper)).toBe(false);
  });

  test('a transaction that takes too long is refused as unavailable and stores nothing, even later', async () => {
    const gate = Promise.withResolvers<void>();
    let ended: unknown = 'running';
    const work = database.withTenant(
      'ten_a',
      async (tx) => {
        await tx.app.create({ data: { id: 'app_late', tenantId: 'ten_a', name: 'late' } });
        await gate.promise;
        ended = await rejected(tx.app.count());
      },
      { timeoutMs: 300 },
    );
    expect(await rejected(work)).toBeInstanceOf(DatabaseUnavailable);
    gate.resolve();
    await eventually(() => ended !== 'running');
    expect(
      await database.withTenant('ten_a', (tx) => tx.app.findUnique({ where: { id: 'app_late' } })),
    ).toBeNull();
  });

  test('more transactions than connections wait for each other', async () => {
    const counts = await Promise.all(
      Array.from({ length: 20 }, () => database.withTenant('ten_a', (tx) => tx.app.count())),
    );
    expect(counts).toEqual(Array(20).fill(1));
  });

  test('close twice is harmless', async () => {
    const other = new Database({ url: postgres.url, log: silent });
    other.onConfigChange(() => undefined);
    await other.close();
    await other.close();
    expect(await database.health()).toEqual({ ok: true });
  });
});

describe('PostgreSQL away', () => {
  test('nothing listens there: unavailable at once, and health says so', async () => {
    const { url, close } = await listen(() => undefined);
    await close();
    const away = new Database({ url, log: silent });
    try {
      expect(isUnavailable(await rejected(away.withTenant('ten_a', (tx) => tx.app.count())))).toBe(
        true,
      );
      expect(isUnavailable(await rejected(away.asSystem((tx) => tx.app.count())))).toBe(true);
      expect(await away.health()).toMatchObject({
        ok: false,
        fault: expect.stringMatching(/DATABASE_URL/),
      });
    } finally {
      await away.close();
    }
  });

  test('it takes connections and never answers: unavailable within 3 s', async () => {
    const { url, close } = await listen((socket) => socket.resume());
    const away = new Database({ url, log: silent });
    try {
      const begin = performance.now();
      expect(await rejected(away.withTenant('ten_a', (tx) => tx.app.count()))).toBeInstanceOf(
        DatabaseUnavailable,
      );
      expect((await away.health()).ok).toBe(false);
      expect(performance.now() - begin).toBeLessThan(6000);
    } finally {
      await close();
      await away.close();
    }
  });

  test('killed and started again: queries recover, and onConfigChange is called and goes on hearing', async () => {
    const told: ConfigChange[] = [];
    const end = database.onConfigChange((change) => told.push(change));
    await eventually(() => told.length > 0);
    expect(told).toEqual([{ version: null }]);

    const before = postgres.server.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await eventually(() => told.length > 1);
    expect(told[1]).toEqual({ version: null });
    expect(postgres.server.pid).not.toBe(before);

    const { version } = await database.withTenant('ten_a', (tx) =>
      tx.app.update({ where: { id: 'app_a' }, data: { name: 'again' } }),
    );
    await eventually(() => told.length > 2);
    expect(told.slice(2)).toEqual([{ version: Number(version) }]);

    end();
    await database.withTenant('ten_a', (tx) =>
      tx.app.update({ where: { id: 'app_a' }, data: { name: 'unheard' } }),
    );
    expect(told).toHaveLength(3);
  });

  test('a listener that throws does not keep the others from hearing', async () => {
    const told: ConfigChange[] = [];
    const ends = [
      database.onConfigChange(() => {
        throw new Error('broken');
      }),
      database.onConfigChange((change) => told.push(change)),
    ];
    const { version } = await database.withTenant('ten_a', (tx) =>
      tx.app.update({ where: { id: 'app_a' }, data: { name: 'x' } }),
    );
    await eventually(() => told.some((change) => change.version === Number(version)));
    for (const end of ends) end();
    expect(told.length).toBeGreaterThan(0);
  });
});

/** A server on a free port that is no PostgreSQL. */
async function listen(
  onSocket: (socket: Socket) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://holdline:x@127.0.0.1:${port}/holdline`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
