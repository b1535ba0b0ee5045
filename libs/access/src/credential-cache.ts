/**
 * Recently used values by text, bounded in number and in characters: texts come from outside, and a few
 * thousand long ones would otherwise weigh more than everything else.
 *
 * Two generations of at most half the bounds each: what is asked for moves to the young one, and when
 * that is full the old one is dropped whole. A hit on a young text writes nothing. (The usual trick, to
 * delete and insert at each hit, makes V8's Map search through all the deleted places of a text that is
 * asked for again and again, which is just what a busy API key is.)
 */
export class CredentialCache<T> {
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #youngCharacters = 0;

  constructor(maxEntries: number, maxCharacters: number) {
    this.#maxEntries = Math.max(1, Math.floor(maxEntries / 2));
    this.#maxCharacters = Math.floor(maxCharacters / 2);
  }

  get(text: string): T | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  set(text: string, value: T): void {
    this.delete(text);
    if (text.length > this.#maxCharacters) return;
    const isFull =
      this.#young.size >= this.#maxEntries ||
      this.#youngCharacters + text.length > this.#maxCharacters;
    if (isFull) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(text, value);
    this.#youngCharacters += text.length;
  }

  delete(text: string): void {
    if (this.#young.delete(text)) this.#youngCharacters -= text.length;
    else this.#old.delete(text);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
