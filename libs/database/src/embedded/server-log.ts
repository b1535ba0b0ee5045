import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';

/** Bytes after which the log begins anew at the next start; one older file is kept. */
const ROTATE_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4096;

/** PostgreSQL's own log: a file that it writes and that we quote from when something fails. */
export class ServerLog {
  constructor(readonly path: string) {}

  /** A descriptor to append to; the caller closes it. */
  open(): number {
    if (existsSync(this.path) && statSync(this.path).size > ROTATE_BYTES)
      renameSync(this.path, `${this.path}.1`);
    return openSync(this.path, 'a', 0o600);
  }

  get size(): number {
    return existsSync(this.path) ? statSync(this.path).size : 0;
  }

  /** The last lines written at or after `offset` bytes. */
  tail(offset = 0, lines = 12): string {
    if (!existsSync(this.path)) return '';
    const file = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(file);
      const from = Math.max(offset > size ? 0 : offset, size - TAIL_BYTES);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      const read = readSync(file, buffer, 0, buffer.length, from);
      return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      closeSync(file);
    }
  }
}
