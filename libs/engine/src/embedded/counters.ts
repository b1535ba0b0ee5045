import type { Group } from './group.js';
import { numberKey, readNumber } from './keys.js';
import type { LogStore } from './log-store.js';

/** Counters remembered between commits; those beyond are read from the log again. */
const REMEMBERED = 10_000;

/** Counts of stored entries by name, written with the very commit that stores them. */
export class Counters {
  private readonly known = new Map<string, number>();

  constructor(private readonly store: LogStore) {}

  read(name: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const value = this.store.counters.get(Buffer.from(name));
    const count = value ? readNumber(value) : 0;
    if (this.known.size >= REMEMBERED) this.known.clear();
    this.known.set(name, count);
    return count;
  }

  /** Inside a commit. */
  write(group: Group): void {
    if (!group.counts) return;
    for (const [name, entries] of group.counts)
      this.store.put(this.store.counters, Buffer.from(name), numberKey(this.read(name) + entries));
  }

  /** After the commit, well or not: whether a failed one is stored only the log can tell. */
  settled(group: Group, stored: boolean): void {
    if (!group.counts) return;
    for (const [name, entries] of group.counts) {
      if (stored) this.known.set(name, this.read(name) + entries);
      else this.known.delete(name);
    }
  }
}
