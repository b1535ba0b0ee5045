/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const at = (/** @type {number} */ index) => /** @type {number} */ (sorted[index]);
  return sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

/**
 * The smallest value that at least the fraction `p` of all do not exceed (nearest rank).
 * @param {Float64Array} sorted ascending, not empty
 * @param {number} p from 0 to 1
 */
export function percentile(sorted, p) {
  const rank = Math.max(1, Math.ceil(p * sorted.length));
  return /** @type {number} */ (sorted[rank - 1]);
}

/** @typedef {{ p50: number, p99: number, max: number }} Latency milliseconds */

/** Times in milliseconds, taken one by one without allocating. */
export class Samples {
  #values;
  #count = 0;

  /** @param {number} capacity */
  constructor(capacity) {
    this.#values = new Float64Array(capacity);
  }

  /** @param {number} ms */
  add(ms) {
    this.#values[this.#count++] = ms;
  }

  clear() {
    this.#count = 0;
  }

  /** @returns {Latency} */
  summary() {
    if (this.#count === 0 || this.#count > this.#values.length) {
      throw new Error(`${this.#count} times were taken, ${this.#values.length} expected.`);
    }
    const sorted = this.#values.subarray(0, this.#count).slice().sort();
    return {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: percentile(sorted, 1),
    };
  }
}
