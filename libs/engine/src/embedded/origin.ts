import { randomBytes } from 'node:crypto';
import type { LogStore } from './log-store.js';
import type { Mark } from './mark.js';

/** Where a started log goes on from. */
export interface Origin {
  readonly epoch: string;
  /** The last position given out; the next message gets a higher one. */
  readonly position: number;
  /** The position that the epoch began after. */
  readonly base: number;
  /** The last accept time (ms since 1970); later ones are never smaller. */
  readonly timestamp: number;
  /** Why readers are told that this is another log than before; null: it is the same. */
  readonly broken: string | null;
}

interface EpochRecord {
  readonly epoch: string;
  /** The position that the epoch began after. */
  readonly base: number;
}

const EPOCH_KEY = Buffer.from('epoch');
const FORMAT_KEY = Buffer.from('format');
const FORMAT = '1';

/** Compares the log with its mark: any sign that the two do not belong together means a new epoch. */
export async function findOrigin(store: LogStore, mark: Mark | null): Promise<Origin> {
  const format = readText(store, FORMAT_KEY);
  if (format !== null && format !== FORMAT) {
    throw new Error(
      `The message log was written in format ${format}, and this version reads format ${FORMAT}. ` +
        'Start the version of Holdline that wrote it.',
    );
  }
  const saved = readEpoch(store);
  const newest = store.newestJournal();
  const position = Math.max(newest?.entry.last ?? 0, saved?.base ?? 0);
  const timestamp = Math.max(newest?.entry.timestamp ?? 0, mark?.timestamp ?? 0);
  const broken = findBreak(saved, position, mark);
  if (saved && broken === null) return { ...saved, position, timestamp, broken };

  const end = Math.max(position, mark?.position ?? 0);
  const origin = {
    // Short, as every cursor and every answer repeats it; two of them never meet but in one log's life.
    epoch: randomBytes(6).toString('base64url'),
    position: end,
    base: end,
    timestamp,
    broken,
  };
  await store.commit(() => {
    store.put(store.meta, FORMAT_KEY, Buffer.from(FORMAT));
    const record: EpochRecord = { epoch: origin.epoch, base: origin.base };
    store.put(store.meta, EPOCH_KEY, Buffer.from(JSON.stringify(record)));
  });
  return origin;
}

function findBreak(saved: EpochRecord | null, position: number, mark: Mark | null): string | null {
  if (mark === null) {
    return position > 0 ? 'it has no high-water mark beside it: it was restored or copied' : null;
  }
  if (!saved) return 'its own record of the epoch is gone or cannot be read';
  if (saved.epoch !== mark.epoch) return 'it and its high-water mark are of different epochs';
  return position < mark.position
    ? `it ends at position ${position}, and had come to ${mark.position} before`
    : null;
}

function readEpoch(store: LogStore): EpochRecord | null {
  const text = readText(store, EPOCH_KEY);
  if (text === null) return null;
  try {
    const record = JSON.parse(text) as EpochRecord;
    return typeof record.epoch === 'string' && Number.isSafeInteger(record.base) ? record : null;
  } catch {
    return null;
  }
}

function readText(store: LogStore, key: Buffer): string | null {
  const value = store.meta.get(key);
  return value ? Buffer.from(value).toString() : null;
}
