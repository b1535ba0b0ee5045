/** Places remembered in each of the two generations. */
const REMEMBERED = 100_000;

/** A place of a client, by its hash, and how many messages it was handed there. */
export type Seen = readonly [place: number, messages: number];

/**
 * What each client was already handed at a place. A client whose answer was lost on the way asks again
 * with the cursor it had, and what it gets again is not counted again. Only of clients that have a name:
 * others cannot be told apart. Forgotten by generations, so that it is bounded and costs one look-up.
 *
 * Places are kept by a hash of 53 bits: two that meet cost us a delivery, and nobody else.
 */
export class Redeliveries {
  private young = new Map<number, number>();
  private old = new Map<number, number>();
  private news = new Map<number, number>();

  /**
   * How many of the messages are handed to the client for the first time.
   * @param place the cursor that was asked with.
   */
  fresh(app: string, client: string, place: string, messages: number): number {
    const key = hash(`${app}\n${client}\n${place}`);
    const before = this.young.get(key) ?? this.old.get(key) ?? 0;
    const most = Math.max(before, messages);
    this.note(key, most);
    this.news.set(key, most);
    return Math.max(0, messages - before);
  }

  /** What was noted since the last time: kept beside the counts that it belongs to. */
  takeNews(): Seen[] {
    const news = [...this.news];
    this.news = new Map();
    return news;
  }

  /** What an earlier process had noted. */
  recall(seen: Iterable<Seen>): void {
    for (const [key, messages] of seen) this.note(key, messages);
  }

  private note(key: number, messages: number): void {
    if (this.young.size >= REMEMBERED) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, messages);
  }
}

/** cyrb53 by bryc (public domain): two mixed 32-bit hashes, of which 53 bits fit a number. */
function hash(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
