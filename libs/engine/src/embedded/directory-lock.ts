import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

const RETRY_MS = 50;

/**
 * Keeps a second process from writing to the same directory. The lock is the kernel's, taken through
 * SQLite (Node has no file locks): it falls with the process, after a `kill -9` too, and there is no
 * stale lock file to clean up.
 */
export class DirectoryLock {
  private constructor(private readonly database: DatabaseSync) {}

  /** Throws when another process still holds the directory after `waitMs`. */
  static async take(directory: string, waitMs: number): Promise<DirectoryLock> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const lock = DirectoryLock.tryTake(directory);
      if (lock) return lock;
      if (performance.now() >= deadline) {
        throw new Error(
          `The message log in ${directory} is in use by another process. ` +
            'Stop that process, or give this one a data directory of its own.',
        );
      }
      await pause(RETRY_MS);
    }
  }

  private static tryTake(directory: string): DirectoryLock | null {
    const database = new DatabaseSync(join(directory, 'lock'));
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return new DirectoryLock(database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return null;
      throw error;
    }
  }

  release(): void {
    this.database.close();
  }
}

/** SQLITE_BUSY and its extended codes. */
function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && (code & 0xff) === 5;
}
