import type { Appended, AppendResult } from '../port.js';
import type { Draft } from './draft.js';
import type { PendingId } from './ids.js';

/** An append that waits for a commit. */
export interface PendingAppend {
  /** What it will be answered when the commit is flushed; timestamps still 0 are the commit's. */
  readonly entries: Writable<Appended>[];
  /** For the duplicate of a message that was on its way as well: the commit that stores that one. */
  readonly origins: ReadonlyMap<number, Group> | null;
  readonly resolve: (result: AppendResult) => void;
}

/** A refusal that rests on an append on its way: it must not be heard before that one is durable. */
export interface PendingConflict {
  readonly position: number;
  readonly resolve: (result: AppendResult) => void;
}

/** Other writes that ride along with a commit. */
export interface Work {
  write(): void;
  done(): void;
  failed(error: Error): void;
}

export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Everything that one commit stores, or does not. */
export class Group {
  readonly drafts: Draft[] = [];
  readonly appends: PendingAppend[] = [];
  readonly conflicts: PendingConflict[] = [];
  readonly ids: PendingId[] = [];
  readonly work: Work[] = [];
  /** Counter → how much it grows; null: none does. */
  counts: Map<string, number> | null = null;
  /** The accept time of all its messages (ms since 1970); set when the commit begins. */
  timestamp = 0;
  /** The first position given out in it; 0 while it stores no message. */
  first = 0;
  last = 0;

  constructor(readonly sequence: number) {}

  count(counters: readonly string[], entries: number): void {
    const counts = (this.counts ??= new Map<string, number>());
    for (const name of counters) counts.set(name, (counts.get(name) ?? 0) + entries);
  }

  get isEmpty(): boolean {
    return (
      this.drafts.length === 0 &&
      this.appends.length === 0 &&
      this.conflicts.length === 0 &&
      this.work.length === 0
    );
  }

  answer(pending: PendingAppend, epoch: string): AppendResult {
    const { entries, origins } = pending;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry.timestamp === 0) entry.timestamp = (origins?.get(i) ?? this).timestamp;
    }
    return { ok: true, epoch, entries };
  }
}
