/** What many readers received together, and the first thing that went wrong for any of them. */

export class Tally {
  /** @type {((error: Error) => void)[]} */
  #onFault = [];
  /** @type {Error | null} */
  #fault = null;
  #received = 0;
  /** @type {{ count: number, resolve: () => void } | null} */
  #awaited = null;

  get received() {
    return this.#received;
  }

  add(count = 1) {
    this.#received += count;
    if (this.#awaited && this.#received >= this.#awaited.count) this.#awaited.resolve();
  }

  /** @param {Error} error */
  fail(error) {
    this.#fault ??= error;
    for (const reject of this.#onFault.splice(0)) reject(this.#fault);
  }

  /**
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T>}
   */
  unlessFault(work) {
    const fault = new Promise((_resolve, reject) => {
      if (this.#fault) reject(this.#fault);
      else this.#onFault.push(reject);
    });
    return /** @type {Promise<T>} */ (Promise.race([work, fault]));
  }

  /**
   * Resolves once `count` have been received since the beginning.
   * @param {number} count
   * @param {number} timeoutMs
   */
  async reached(count, timeoutMs = 60_000) {
    if (this.#received >= count) return;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const all = new Promise((resolve, reject) => {
      this.#awaited = { count, resolve: () => resolve(undefined) };
      timer = setTimeout(
        () =>
          reject(
            new Error(
              `Only ${this.#received} of ${count} messages came within ${timeoutMs / 1000} s.`,
            ),
          ),
        timeoutMs,
      );
    });
    try {
      await this.unlessFault(all);
    } finally {
      clearTimeout(timer);
      this.#awaited = null;
    }
  }
}
