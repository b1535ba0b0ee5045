import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Voice } from './say.js';
import { StartError } from './start-error.js';

/** Milliseconds that a predecessor may take to end: as long as its drain. */
const WAIT_MS = 10_000;
const POLL_MS = 100;

export interface DataDirLock {
  release(): void;
}

/** Makes the data directory, for its owner's eyes alone. An existing one is left as it is. */
export function ensureDataDir(dataDir: string): void {
  try {
    if (existsSync(dataDir)) return;
    // One by one: Node's recursive mkdir never returns under a place such as /proc.
    const missing: string[] = [];
    for (let folder = dataDir; !existsSync(folder); folder = dirname(folder))
      missing.unshift(folder);
    for (const folder of missing) mkdirSync(folder, { mode: folder === dataDir ? 0o700 : 0o755 });
    // Whatever the umask took away.
    chmodSync(dataDir, 0o700);
  } catch (error) {
    throw new StartError(
      `The data directory ${dataDir} cannot be made (${(error as Error).message}). Set HOLDLINE_DATA_DIR to a directory that you can write to.`,
    );
  }
}

/**
 * Takes the data directory for this launcher alone, waiting for one that is just ending. The lock is the
 * kernel's: it goes with the process, even a killed one, and never has to be cleaned up by hand.
 */
export async function lockDataDir(
  dataDir: string,
  voice: Voice,
  waitMs = WAIT_MS,
): Promise<DataDirLock> {
  const file = join(dataDir, 'launcher.lock');
  const until = performance.now() + waitMs;
  for (let first = true; ; first = false) {
    const lock = tryLock(file);
    if (lock) return lock;
    if (first)
      voice.info(
        `Another Holdline uses ${dataDir}; waiting up to ${waitMs / 1000} s for it to end.`,
      );
    if (performance.now() >= until) {
      throw new StartError(
        `Another Holdline uses ${dataDir}. Stop that one first, or set HOLDLINE_DATA_DIR (and API_PORT, DELIVERY_PORT) for a second one.`,
      );
    }
    await delay(POLL_MS);
  }
}

function tryLock(file: string): DataDirLock | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const { errcode, message } = error as Error & { errcode?: number };
    // SQLITE_BUSY
    if (errcode === 5) return null;
    throw new StartError(
      `The file ${file} cannot be locked (${message}). Check that you may write there and that the disk has room.`,
    );
  }
  const held = database;
  return { release: () => held.close() };
}
