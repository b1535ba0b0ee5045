/** Places remembered in each of the two generations. */
const REMEMBERED = 100_000;

/**
 * What each client was already handed at a place. A client whose answer was lost on the way asks again
 * with the cursor it had, and what it gets again is not counted again. Only of clients that have a name:
 * others cannot be told apart. Forgotten by generations, so that it is bounded and costs one look-up.
 */
export class Redeliveries {
  private young = new Map<string, number>();
  private old = new Map<string, number>();

  /**
   * How many of the messages are handed to the client for the first time.
   * @param place the cursor that was asked with.
   */
  fresh(app: string, client: string, place: string, messages: number): number {
    const key = `${app}\n${client}\n${place}`;
    const before = this.young.get(key) ?? this.old.get(key) ?? 0;
    if (this.young.size >= REMEMBERED) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, Math.max(before, messages));
    return Math.max(0, messages - before);
  }
}
