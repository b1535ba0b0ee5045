import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../embedded/embedded-postgres.js';
import type { Log } from '../log.js';
import { migrate } from '../migrate.js';

export interface TestPostgres {
  /** A migrated database that nobody else uses. */
  readonly url: string;
  readonly dataDir: string;
  /** The server itself, for tests that take it away. */
  readonly server: EmbeddedPostgres;
  stop(): Promise<void>;
}

/** Says nothing; for tests that do not look at the log. */
export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A real PostgreSQL in a temporary folder, migrated unless told otherwise. Takes about a second. */
export async function startTestPostgres({
  migrated = true,
  log = silent,
} = {}): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
  const server = new EmbeddedPostgres({ dataDir, log, durable: false });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await server.start();
    if (migrated) await migrate(server.url, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: server.url, dataDir, server, stop };
}
