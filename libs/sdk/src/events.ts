/** A few listeners by name. A listener that throws is reported and harms nobody else. */
export class Events<Map extends object> {
  readonly #listeners = new Map<keyof Map, Set<(value: never) => void>>();

  on<K extends keyof Map>(event: K, listener: (value: Map[K]) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  /** @returns false when nobody listens. */
  emit<K extends keyof Map>(event: K, value: Map[K]): boolean {
    const set = this.#listeners.get(event) as Set<(value: Map[K]) => void> | undefined;
    if (!set?.size) return false;
    for (const listener of [...set]) {
      try {
        listener(value);
      } catch (error) {
        report(error);
      }
    }
    return true;
  }
}

/** Where an error goes that nobody listens for: it must not vanish, nor stop the stream. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else console.error(error);
}
