import type { EngineLog } from './options.js';
import type { SpaceGuard } from './space-guard.js';

/** A commit that takes longer than this is worth an alarm (ms). */
const SLOW_COMMIT_MS = 10_000;

/** What is wrong with the log, and what it may still do. */
export class Faults {
  private frozen: string | null = null;
  private diskFull = false;
  private corrupt = new Set<string>();
  private unreadable: string | null = null;

  constructor(
    private readonly log: EngineLog,
    private readonly space: SpaceGuard,
    private readonly clock: { now(): number },
  ) {}

  get isFrozen(): boolean {
    return this.frozen !== null;
  }

  /** The disk itself refused a write for want of room. */
  get isDiskFull(): boolean {
    return this.diskFull;
  }

  refusal(): 'storage_full' | 'frozen' | null {
    if (this.frozen !== null) return 'frozen';
    return this.diskFull || this.space.isLow ? 'storage_full' : null;
  }

  /**
   * A full disk heals when there is room: LMDB abandoned the transaction whole. After any other error
   * nobody knows what the disk holds, and only a new start reads it from there.
   */
  async noteFailedCommit(error: unknown): Promise<'storage_full' | 'frozen'> {
    if (isNoSpace(error) || (isShortWrite(error) && (await this.space.isExhausted()))) {
      if (!this.diskFull) {
        this.log.error('The disk refused a write of the message log: it is full.');
      }
      this.diskFull = true;
      return 'storage_full';
    }
    this.frozen ??= String(error);
    this.log.error(`A write of the message log failed, publishing is frozen: ${String(error)}`);
    return 'frozen';
  }

  noteRoom(): void {
    this.diskFull = false;
    this.log.info('The disk takes writes of the message log again.');
  }

  noteCorrupt(cid: number, first: number): void {
    const place = `${cid}/${first}`;
    if (this.corrupt.has(place)) return;
    this.corrupt.add(place);
    this.log.error(
      `The block at position ${first} of channel number ${cid} does not match its checksum and is ` +
        'not handed out; readers are told.',
    );
  }

  noteUnreadable(error: unknown): void {
    if (this.unreadable === null) {
      this.log.error(`The message log cannot be read: ${String(error)}`);
    }
    this.unreadable = String(error);
  }

  /** What is wrong and what to do; null when nothing is. `flushingSince`: null while no commit runs. */
  describe(flushingSince: number | null): string | null {
    if (this.frozen !== null) {
      return (
        `A write of the message log failed (${this.frozen}): publishing is frozen, and nothing ` +
        'acknowledged is lost. Check the disk, then restart this process.'
      );
    }
    if (this.diskFull) {
      return 'The disk is full: publishing is refused. Free some space; it resumes by itself.';
    }
    if (this.space.isLow) return this.space.fault;
    if (this.unreadable !== null) {
      return (
        `The message log could not be read (${this.unreadable}). Check the disk, then restart this ` +
        'process; restore the log from a backup if it happens again.'
      );
    }
    if (this.corrupt.size > 0) {
      return (
        `${this.corrupt.size} damaged block(s) were found in the message log and are not handed ` +
        'out; their readers were told. Check the disk, then restart this process.'
      );
    }
    if (flushingSince !== null && this.clock.now() - flushingSince > SLOW_COMMIT_MS) {
      return 'The disk has not finished a write of the message log for over 10 s. Check the disk.';
    }
    return null;
  }
}

/** LMDB says EIO as well when a write ended short, which is how a disk fills up. */
function isShortWrite(error: unknown): boolean {
  return (error as { code?: unknown }).code === 5;
}

/** What stands for ENOSPC and EDQUOT, by code or by LMDB's wording of it. */
function isNoSpace(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    code === 28 ||
    code === 122 ||
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    /no space left|quota exceeded|MDB_MAP_FULL/i.test(String(message))
  );
}
