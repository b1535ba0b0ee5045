import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { LogStore } from './log-store.js';
import type { EngineLog } from './options.js';

const PAGE_HEADER_BYTES = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
// Offsets inside LMDB's meta record (struct MDB_meta in its mdb.c, 64 bits).
const VERSION_AT = 4;
const PAGE_SIZE_AT = 24;
const LAST_PAGE_AT = 120;
const META_BYTES = 152;

/**
 * Opens the log. One that LMDB could not even begin to read is set aside for whoever wants to rescue
 * it, and an empty one takes its place: readers are then told by a new epoch. The check comes first
 * because LMDB takes the whole process down with it when it opens such a file.
 */
export async function openOrReplace(directory: string, log: EngineLog): Promise<LogStore> {
  const path = join(directory, 'log');
  const fault = await findFault(join(path, 'data.mdb'));
  if (fault === null) {
    try {
      return LogStore.open(directory);
    } catch (error) {
      if (!/MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID)/.test(String(error))) throw error;
      await setAside(path, String(error), log);
    }
  } else {
    await setAside(path, fault, log);
  }
  return LogStore.open(directory);
}

async function setAside(path: string, fault: string, log: EngineLog): Promise<void> {
  const aside = `${path}.damaged-${Date.now()}`;
  await rename(path, aside);
  log.error(
    `The message log cannot be read (${fault}). It was set aside as ${aside} and an empty one ` +
      'begun; readers are told that messages are missing. Check the disk, and restore what you need.',
  );
}

/** What keeps LMDB from opening the file; null: nothing does, or there is none yet. */
async function findFault(file: string): Promise<string | null> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    if (size === 0) return null;
    const first = await readMeta(handle, 0);
    if (!first) return 'its first page is not one of LMDB';
    const second = await readMeta(handle, first.pageSize);
    if (!second) return 'its second page is not one of LMDB';
    const end = (Math.max(first.lastPage, second.lastPage) + 1) * first.pageSize;
    // A page beyond the end of the file kills the process that looks at it; an empty one is an
    // error that can be handled. LMDB may leave unused pages at the end unwritten, so a short file
    // need not be a damaged one.
    if (Number.isSafeInteger(end) && size < end) await handle.truncate(end);
    return null;
  } finally {
    await handle.close();
  }
}

async function readMeta(
  handle: FileHandle,
  at: number,
): Promise<{ pageSize: number; lastPage: number } | null> {
  const bytes = Buffer.alloc(META_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, META_BYTES, at + PAGE_HEADER_BYTES);
  if (bytesRead < META_BYTES - PAGE_HEADER_BYTES) return null;
  if (bytes.readUInt32LE(0) !== MAGIC) return null;
  if ((bytes.readUInt32LE(VERSION_AT) & 0xffff) !== DATA_VERSION) return null;
  const pageSize = bytes.readUInt32LE(PAGE_SIZE_AT);
  const sane = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  return sane ? { pageSize, lastPage: Number(bytes.readBigUInt64LE(LAST_PAGE_AT)) } : null;
}
