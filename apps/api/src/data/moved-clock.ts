import { readFileSync } from 'node:fs';
import { ConfigError, type Logger } from '#platform';
import { Clock } from './clock.js';

const LOOK_MS = 100;

/**
 * The world's time and what a file says to add to it, in milliseconds: how a demonstration lets a month
 * pass. The configuration takes the file only beside a Stripe on this machine, which is none: real money
 * is never collected by a made-up date. Delivery stays on the world's time.
 */
export class MovedClock extends Clock {
  private ahead: number;
  private readonly listeners: (() => void)[] = [];

  /** @throws ConfigError when the file cannot be read as a number at the start; later it keeps the last one. */
  constructor(
    private readonly file: string,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    super();
    const ahead = this.read();
    if (ahead === null) {
      throw new ConfigError(
        `HOLDLINE_CLOCK_FILE names ${file}, which does not hold a whole number of milliseconds. Write one into it, 0 for the world's time, or leave the variable out.`,
      );
    }
    this.ahead = ahead;
    this.tell();
    setInterval(() => this.look(), LOOK_MS).unref();
  }

  now(): number {
    return Date.now() + this.ahead;
  }

  override get movedMs(): number {
    return this.ahead;
  }

  override onMove(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Takes over what the file says now. */
  look(): void {
    const ahead = this.read();
    if (ahead === null || ahead === this.ahead) return;
    this.ahead = ahead;
    this.tell();
    for (const listener of this.listeners) listener();
  }

  private read(): number | null {
    try {
      const text = readFileSync(this.file, 'utf8').trim();
      return /^-?\d{1,14}$/.test(text) ? Number(text) : null;
    } catch {
      return null;
    }
  }

  private tell(): void {
    this.log.warn(
      `The clock of this control plane is moved by ${this.ahead} ms (HOLDLINE_CLOCK_FILE): for demonstrations and tests alone.`,
    );
  }
}
