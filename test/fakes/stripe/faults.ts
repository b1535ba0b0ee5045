/** What goes wrong with requests, once each unless told otherwise. */
export interface Fault {
  /** Which requests: the start of `METHOD /v1/path`. */
  readonly on: string;
  /**
   * `conflict` 409, `rate` 429 and `refused` 400: nothing was done. `error`: 500 before anything was done, kept under
   * the idempotency key as Stripe keeps it. `lost`: done, and the connection is cut before the answer.
   * `cut`: the connection is cut before anything was done. `silent`: done, and no answer ever comes.
   */
  readonly kind: 'conflict' | 'rate' | 'refused' | 'error' | 'lost' | 'cut' | 'silent';
  /** How often; default once. */
  readonly times?: number;
  /** Requests that pass before it begins; default none. */
  readonly after?: number;
}

export class Faults {
  /** Asked of each request that no fault is meant for: what goes wrong with it, if anything. */
  weather: (request: string) => Fault['kind'] | null = () => null;
  private readonly open: { fault: Fault; left: number; wait: number }[] = [];

  add(...faults: Fault[]): void {
    for (const fault of faults) {
      this.open.push({ fault, left: fault.times ?? 1, wait: fault.after ?? 0 });
    }
  }

  clear(): void {
    this.open.length = 0;
  }

  /** The fault of this request, used up by asking. */
  next(request: string): Fault['kind'] | null {
    for (const entry of this.open) {
      if (entry.left === 0 || !request.startsWith(entry.fault.on)) continue;
      if (entry.wait > 0) {
        entry.wait--;
        continue;
      }
      entry.left--;
      return entry.fault.kind;
    }
    return this.weather(request);
  }
}
