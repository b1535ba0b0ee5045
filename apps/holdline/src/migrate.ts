/**
 * Brings the database of DATABASE_URL to this version's state and exits. For installations that start
 * the servers themselves (containers) and so have no launcher.
 */
import { loadConfig } from '#platform';
import { prepareDatabase } from './prepare-database.js';
import { createVoice } from './say.js';

const voice = createVoice((text) => process.stdout.write(text));
try {
  const { databaseUrl } = loadConfig(process.env);
  if (databaseUrl === null) {
    throw new Error(
      'DATABASE_URL is not set. The embedded PostgreSQL is migrated by `npm start` itself.',
    );
  }
  await prepareDatabase(databaseUrl, voice);
} catch (error) {
  process.stderr.write(`holdline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
