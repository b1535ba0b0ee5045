import type { Clock } from '../types.js';

interface Ticker {
  readonly ms: number;
  readonly tick: () => void;
  next: number;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly tickers = new Set<Ticker>();

  constructor(private readonly start = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.start + this.time;
  }

  monotonic(): number {
    return this.time;
  }

  every(ms: number, tick: () => void): () => void {
    const ticker = { ms, tick, next: this.time + ms };
    this.tickers.add(ticker);
    return () => void this.tickers.delete(ticker);
  }

  /** Tick by tick, as time passes. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.tickers].sort((a, b) => a.next - b.next)[0];
      if (!next || next.next > end) break;
      this.time = next.next;
      next.next += next.ms;
      next.tick();
    }
    this.time = end;
  }

  /** All at once, as after a process was stopped for so long. */
  jump(ms: number): void {
    this.time += ms;
    for (const ticker of this.tickers) {
      ticker.next = this.time + ticker.ms;
      ticker.tick();
    }
  }
}

/** Lets everything happen that needs no time to pass. */
export async function quiet(turns = 8): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
