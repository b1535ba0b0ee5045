import { statfs } from 'node:fs/promises';

export interface SpaceGuardOptions {
  readonly directory: string;
  readonly floorBytes: number;
  readonly freeBytes?: () => Promise<number>;
}

/** LMDB writes whole pages and its copy of the tree above them: more than the bytes it is given. */
const WRITE_AMPLIFICATION = 4;

/** Less than one large commit. */
const EXHAUSTED_BYTES = 1024 * 1024;

/** Stops publishing before the disk is full, while there is room for deletions to make room. */
export class SpaceGuard {
  /** Free bytes at the last look. */
  private free = Infinity;
  private writtenSince = 0;

  constructor(private readonly options: SpaceGuardOptions) {}

  /** At the last look; null: the file system does not say. */
  get freeBytes(): number | null {
    return Number.isFinite(this.free) ? this.free : null;
  }

  get isLow(): boolean {
    return this.free < this.options.floorBytes;
  }

  /** A file system that does not say how full it is counts as roomy: its own ENOSPC still stops us. */
  async look(): Promise<void> {
    this.writtenSince = 0;
    this.free = await (this.options.freeBytes ?? (() => this.ask()))();
  }

  noteWritten(bytes: number): void {
    this.writtenSince += bytes * WRITE_AMPLIFICATION;
  }

  /** True when what was written since the last look may have used up the room. */
  get needsLook(): boolean {
    return this.writtenSince > 0 && this.free - this.writtenSince < this.options.floorBytes;
  }

  /** True when the file system has next to nothing left, whatever the floor is. */
  async isExhausted(): Promise<boolean> {
    await this.look().catch(() => undefined);
    return this.free < EXHAUSTED_BYTES;
  }

  get fault(): string {
    return (
      `The disk of ${this.options.directory} has ${this.free} bytes free, below the floor of ` +
      `${this.options.floorBytes}: publishing is refused. Free some space; it resumes by itself.`
    );
  }

  private async ask(): Promise<number> {
    const stats = await statfs(this.options.directory);
    return stats.bavail * stats.bsize;
  }
}
