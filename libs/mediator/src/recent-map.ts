/**
 * A bounded map that keeps what was used lately: when the young half is full it becomes the old one,
 * and what was in the old one and not asked for since is forgotten. As good as an LRU, and a hit costs
 * one look-up.
 */
export class RecentMap<V> {
  private young = new Map<string, V>();
  private old = new Map<string, V>();
  private weight = 0;

  /** Holds `capacity` of weight, and at times twice that. */
  constructor(
    private readonly capacity: number,
    private readonly weigh: (value: V) => number = () => 1,
  ) {}

  get(key: string): V | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const saved = this.old.get(key);
    if (saved !== undefined) this.set(key, saved);
    return saved;
  }

  set(key: string, value: V): void {
    if (this.weight >= this.capacity) {
      this.old = this.young;
      this.young = new Map();
      this.weight = 0;
    }
    this.young.set(key, value);
    this.weight += this.weigh(value);
  }
}
