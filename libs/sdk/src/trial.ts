import { asHoldlineError } from './errors.js';
import type { Flow } from './flow.js';
import type { PathChoice } from './path-choice.js';

/** A stream that is tried beside a held request, so that no message waits for the try. */
export class Trial {
  readonly #path: PathChoice;
  #trying: Flow | null = null;
  #proved: Flow | null = null;

  constructor(path: PathChoice) {
    this.#path = path;
  }

  /** @param proved called when the stream's first bytes are there: `take` gives it then. */
  async begin(flow: Flow, proved: () => void): Promise<void> {
    this.end();
    this.#trying = flow;
    try {
      await flow.begun;
      if (this.#trying !== flow) return;
      this.#proved = flow;
      proved();
    } catch (error) {
      if (this.#trying === flow) this.#path.failed(asHoldlineError(error), null);
    } finally {
      if (this.#trying === flow) this.#trying = null;
    }
  }

  /** The stream that has proved itself, if it still is for these channels. */
  take(list: readonly unknown[]): Flow | null {
    const flow = this.#proved;
    this.#proved = null;
    if (flow?.isFor(list)) return flow;
    flow?.end();
    return null;
  }

  end(): void {
    this.#trying?.end();
    this.#trying = null;
    this.#proved?.end();
    this.#proved = null;
  }
}
