import type { Place } from './chain.js';
import type { HoldlineError } from './errors.js';
import type { Reader } from './reader.js';
import type { Message } from './types.js';

/** One channel of the held request, with everybody on this page who reads it. */
export class Subscription {
  readonly channel: string;
  readonly readers = new Set<Reader>();
  /** The cursor has a place in the channel: a lost request cannot move it any more. */
  isKnown = false;
  /** How far the held request has covered the channel, where the server said so. */
  place: Place | null = null;
  #waiting: { resolve: () => void; reject: (error: HoldlineError) => void }[] = [];

  constructor(channel: string) {
    this.channel = channel;
  }

  /** Somebody needs the channel in the held request, and not only in a request of his own. */
  get isWanted(): boolean {
    return [...this.readers].some(({ phase }) => phase === 'joining' || phase === 'live');
  }

  /** The cursor knows the channel, and nobody waits to join it. */
  get isSettled(): boolean {
    return this.isKnown && ![...this.readers].some(({ phase }) => phase === 'joining');
  }

  async hand(message: Message, epoch: string): Promise<void> {
    for (const reader of this.readers) {
      if (reader.phase === 'live') await reader.hand(message, epoch);
    }
  }

  /** The log is another one: its positions say nothing about what was read before. */
  beginAnew(): void {
    for (const reader of this.readers) if (reader.phase === 'live') reader.beginAnew();
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.tellReady();
    });
  }

  tellReady(): void {
    if (!this.isKnown || [...this.readers].some(({ phase }) => phase !== 'live')) return;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  fail(error: HoldlineError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
