/**
 * One PostgreSQL for a whole test run. Copying a migrated database takes a tenth of what a server of its
 * own takes; tests that take the server itself away start their own.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Many Holdlines at once, each with its pools. */
const MAX_CONNECTIONS = 400;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class Databases {
  /** @type {Promise<{ url: string, admin: pg.Client, stop: () => Promise<void> }> | null} */
  #server = null;
  #made = 0;

  /** @returns {Promise<string>} the URL of a migrated database that nobody else uses */
  async lend() {
    this.#server ??= start();
    const { url, admin } = await this.#server;
    const name = `lent_${++this.#made}`;
    // Nothing connects to the migrated one after its migration, or it could not be copied.
    await admin.query(`CREATE DATABASE ${name} TEMPLATE holdline OWNER holdline`);
    const lent = new URL(url);
    lent.pathname = `/${name}`;
    return lent.href;
  }

  /** @param {string} url of a database that was lent */
  async takeBack(url) {
    const name = new URL(url).pathname.slice(1);
    if (!this.#server || !/^lent_\d+$/.test(name)) throw new Error(`${name} was not lent here.`);
    const { admin } = await this.#server;
    // Connections that their owner has just closed may still be on their way out.
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }

  async stop() {
    const server = await this.#server?.catch(() => null);
    await server?.admin.end();
    await server?.stop();
  }
}

async function start() {
  // The built product's: what is tested elsewhere starts these here.
  const { EmbeddedPostgres, migrate } = await import('#database');
  const dataDir = await mkdtemp(join(tmpdir(), 'holdline-lender-'));
  const server = new EmbeddedPostgres({
    dataDir,
    log: silent,
    durable: false,
    maxConnections: MAX_CONNECTIONS,
  });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await server.start();
    await migrate(server.url, silent);
    const admin = new pg.Client(await superuser(server.url, dataDir));
    admin.on('error', () => undefined);
    await admin.connect();
    return { url: server.url, admin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Nobody else may make databases.
 * @param {string} url
 * @param {string} dataDir
 */
async function superuser(url, dataDir) {
  const file = join(dataDir, 'postgres', 'passwords.json');
  const passwords = JSON.parse(await readFile(file, 'utf8'));
  const as = new URL(url);
  as.username = 'postgres';
  as.password = passwords.postgres;
  as.pathname = '/postgres';
  return as.href;
}
