import { startTestPostgres } from './postgres.js';

export interface LentDatabase {
  /** A migrated database that nobody else uses, in a PostgreSQL that others use too. */
  readonly url: string;
  giveBack(): Promise<void>;
}

/**
 * A database from the run's lender (test/support/lender); outside of a run that has one, a server of
 * its own. Tests that take the server itself away start their own: `startTestPostgres`.
 */
export async function lendDatabase(): Promise<LentDatabase> {
  const lender = process.env['HOLDLINE_TEST_LENDER'];
  if (lender === undefined) {
    const own = await startTestPostgres();
    return { url: own.url, giveBack: () => own.stop() };
  }
  const url = await ask(`${lender}/databases`, { method: 'POST' });
  return {
    url,
    giveBack: async () => {
      await ask(`${lender}/databases`, { method: 'DELETE', body: url });
    },
  };
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The lender of databases answered ${answer.status}: ${text}`);
  return text;
}
