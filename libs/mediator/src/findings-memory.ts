import type { Cursor } from './cursor.js';
import { Timed } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import type { Findings } from './findings.js';

/** Milliseconds after which answers that were made for sharing are let go. */
const KEEP_MS = 500;
/** Bytes of messages in them at most. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Keeps answers for the readers that come for the same a moment later, and not for longer. */
export class FindingsMemory extends Timed {
  private kept = new Map<Cursor, Findings>();
  private bytes = 0;

  constructor(private readonly deadlines: Deadlines) {
    super();
  }

  at(cursor: Cursor): Findings | undefined {
    return this.kept.get(cursor);
  }

  keep(cursor: Cursor, findings: Findings): void {
    if (this.kept.size === 0) this.deadlines.arm(this, KEEP_MS, this.deadlines.tickedAt);
    this.kept.set(cursor, findings);
    this.bytes += findings.bytes;
    if (this.bytes > MAX_BYTES) this.expire();
  }

  expire(): void {
    this.deadlines.disarm(this);
    this.kept = new Map();
    this.bytes = 0;
  }
}
