import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const KEY_BYTES = 32;
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=?$/;

/** The master key's 32 bytes, from the given text or from `<dataDir>/master.key`, made when missing. */
export function loadMasterKey(source: { dataDir: string; masterKey: string | null }): Buffer {
  if (source.masterKey !== null) {
    return decode(
      source.masterKey,
      'HOLDLINE_MASTER_KEY must be 32 bytes in base64. Make one with `openssl rand -base64 32`.',
    );
  }
  const path = join(source.dataDir, 'master.key');
  const text = read(path) ?? create(source.dataDir, path);
  return decode(
    text,
    `${path} is damaged: it must hold 32 bytes in base64. Restore it from a backup: without it, keys ` +
      'and sealed secrets made so far are lost.',
  );
}

function decode(text: string, fault: string): Buffer {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  // The value itself never goes into the message: messages are logged.
  if (!BASE64_OF_32_BYTES.test(trimmed) || bytes.length !== KEY_BYTES) throw new Error(fault);
  return bytes;
}

function read(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    tighten(path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(
      `Cannot read ${path}. Let the user that runs Holdline read it, or set HOLDLINE_MASTER_KEY.`,
      { cause: error },
    );
  }
}

/** A copy that came from a backup often lost its mode. */
function tighten(path: string): void {
  if (process.platform === 'win32' || (statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    // Another's file or a read-only mount: whoever mounted it that way decided who may read it.
  }
}

/**
 * Written aside, flushed, then linked to its name: the link appears whole or not at all, and fails if
 * another process was first, whose key then is everybody's. A key that existed twice, or half, would
 * make what the other process sealed unreadable.
 */
function create(dataDir: string, path: string): string {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const file = openSync(aside, 'wx', 0o600);
    try {
      writeSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(aside, path);
      flushDirectory(dataDir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `Cannot make ${path}. Make the data directory (HOLDLINE_DATA_DIR) writable and put it on a ` +
        'file system with hard links, or set HOLDLINE_MASTER_KEY.',
      { cause: error },
    );
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Or a power cut could take the name away again, after things were sealed with the key. */
function flushDirectory(dataDir: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(dataDir, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
