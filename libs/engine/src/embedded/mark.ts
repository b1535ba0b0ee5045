import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** How far the log is known to have come, written beside it. */
export interface Mark {
  readonly epoch: string;
  readonly position: number;
  readonly timestamp: number;
}

/**
 * The high-water mark. A log that stands before its mark, or has none, is not the log its readers
 * know: it was restored, cut or replaced, and needs a new epoch. A backup must leave this file out.
 */
export class MarkFile {
  private readonly path: string;
  private written: Mark | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.path = join(directory, 'mark.json');
  }

  /** Null when there is none, or none that can be read: both mean the same. */
  async read(): Promise<Mark | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      const mark = JSON.parse(text) as Mark;
      const valid =
        typeof mark.epoch === 'string' &&
        Number.isSafeInteger(mark.position) &&
        Number.isFinite(mark.timestamp);
      return valid ? mark : null;
    } catch {
      return null;
    }
  }

  /** Replaces the file in one step: a crash leaves the old mark or the new one. */
  write(mark: Mark): Promise<void> {
    const next = this.writing.then(async () => {
      if (mark.epoch === this.written?.epoch && mark.position === this.written.position) return;
      const draft = `${this.path}.new`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(mark));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(draft, this.path);
      this.written = mark;
    });
    this.writing = next.catch(() => undefined);
    return next;
  }
}
