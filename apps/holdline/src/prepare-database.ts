import { setTimeout as delay } from 'node:timers/promises';
import { isUnavailable, migrate, MigrationError } from '#database';
import type { Voice } from './say.js';
import { StartError } from './start-error.js';

/** Milliseconds that a PostgreSQL which is being started beside us may take. */
const WAIT_MS = 30_000;
const RETRY_MS = 500;

/** Brings the database to this version's state, waiting for a PostgreSQL that is not up yet. */
export async function prepareDatabase(url: string, voice: Voice, waitMs = WAIT_MS): Promise<void> {
  const until = performance.now() + waitMs;
  for (let first = true; ; first = false) {
    try {
      await migrate(url, voice);
      return;
    } catch (error) {
      const why = error instanceof Error ? error.message || String(error) : String(error);
      if (error instanceof MigrationError) throw new StartError(why);
      if (!isUnavailable(error)) {
        throw new StartError(
          `The database refuses us (${why}). Check the user, password and name in DATABASE_URL.`,
        );
      }
      if (first)
        voice.info(`PostgreSQL cannot be reached yet (${why}); trying for ${waitMs / 1000} s.`);
      if (performance.now() >= until) {
        throw new StartError(
          `PostgreSQL cannot be reached (${why}). Check that it runs and that DATABASE_URL is right, or leave DATABASE_URL out to use the embedded one.`,
        );
      }
      await delay(RETRY_MS);
    }
  }
}
