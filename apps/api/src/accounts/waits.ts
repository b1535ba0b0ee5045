/** Each wrong guess after the free ones doubles the wait: 1 s, 2 s, 4 s … up to this. */
const LONGEST_MS = 15 * 60_000;
/** Each entry takes about 200 bytes; the oldest make room. */
const REMEMBERED = 20_000;

interface Attempts {
  /** In a row, none of them right. */
  count: number;
  last: number;
}

/** How long guesses wait, by whatever they are counted by. Bounded; what it forgets costs no wait. */
export class Waits {
  private readonly attempts = new Map<string, Attempts>();

  constructor(private readonly clock: { now(): number }) {}

  /** Null: not at all; otherwise until when (ms since 1970), and how many there were. */
  until(key: string, free: number): { at: number; seconds: number; used: number } | null {
    const now = this.clock.now();
    const known = this.attempts.get(key);
    if (!known) return null;
    const over = known.count - free;
    const at = known.last + (over < 0 ? 0 : Math.min(1000 * 2 ** over, LONGEST_MS));
    if (at > now) return { at, seconds: Math.ceil((at - now) / 1000), used: known.count };
    if (now - known.last > LONGEST_MS) this.attempts.delete(key);
    return null;
  }

  /** Counted before it is checked, so that many at once gain nothing. */
  add(key: string): void {
    const count = (this.attempts.get(key)?.count ?? 0) + 1;
    // Set anew, so that the map's order is by last attempt and the first entry is the oldest.
    this.attempts.delete(key);
    this.attempts.set(key, { count, last: this.clock.now() });
    if (this.attempts.size > REMEMBERED) {
      const [oldest] = this.attempts.keys();
      if (oldest !== undefined) this.attempts.delete(oldest);
    }
  }

  takeBack(key: string): void {
    const known = this.attempts.get(key);
    if (known && --known.count <= 0) this.attempts.delete(key);
  }

  forget(key: string): void {
    this.attempts.delete(key);
  }
}
