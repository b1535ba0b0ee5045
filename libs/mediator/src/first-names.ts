/** Which names of many are wanted. */
export interface NamePage {
  /** '': all. */
  readonly prefix: string;
  /** The name that the page before ended with; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

/** Of all names offered, the first of a page and one more, each once. */
export class FirstNames {
  readonly names: string[] = [];

  constructor(private readonly wanted: NamePage) {}

  offer(name: string): void {
    const { names } = this;
    const { prefix, after, limit } = this.wanted;
    if (!name.startsWith(prefix) || (after !== null && name <= after)) return;
    if (names.length > limit && name >= names[limit]!) return;
    let low = 0;
    for (let high = names.length; low < high;) {
      const middle = (low + high) >> 1;
      if (names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    if (names[low] === name) return;
    names.splice(low, 0, name);
    if (names.length > limit + 1) names.pop();
  }
}
