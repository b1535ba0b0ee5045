import type { Outgoing } from './message-text.js';

/** Messages and bytes that one channel keeps in memory at most. */
const MAX_MESSAGES = 1000;
const MAX_BYTES = 1024 * 1024;

/**
 * The newest messages of a channel, an unbroken chain: whoever stands at `floor` or at one of these
 * messages can be answered from here, and misses nothing.
 *
 * Short-lived on purpose: what the log lets go of (its own ttl, a purge) must not live on in memory.
 */
export class Window {
  /** The position before the first message here; without any, where the chain will begin. */
  floor = 0;
  private messages: Outgoing[] = [];
  private arrivals: number[] = [];
  private first = 0;
  private bytes = 0;

  get isEmpty(): boolean {
    return this.first === this.messages.length;
  }

  /** Starts anew, with a chain that begins after `floor`. */
  reset(floor: number): void {
    this.messages = [];
    this.arrivals = [];
    this.first = 0;
    this.bytes = 0;
    this.floor = floor;
  }

  /** `message.previous` must be the last message's position, or `floor` if there is none. */
  push(message: Outgoing, arrivedAt: number): void {
    this.messages.push(message);
    this.arrivals.push(arrivedAt);
    this.bytes += message.bytes;
    while (this.messages.length - this.first > MAX_MESSAGES || this.bytes > MAX_BYTES) {
      if (this.messages.length - this.first === 1) break;
      this.dropFirst();
    }
    if (this.first > MAX_MESSAGES) this.compact();
  }

  /** What follows `position`, or null if that is no place in this chain. */
  after(position: number): readonly Outgoing[] | null {
    if (position === this.floor) return this.messages.slice(this.first);
    let low = this.first;
    let high = this.messages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.messages[middle]!.position;
      if (at === position) return this.messages.slice(middle + 1);
      if (at < position) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  has(position: number): boolean {
    return position !== this.floor && this.after(position) !== null;
  }

  /** Forgets what arrived before `time`; tells when the oldest of the rest arrived, or null. */
  forgetBefore(time: number): number | null {
    while (!this.isEmpty && this.arrivals[this.first]! < time) this.dropFirst();
    this.compact();
    return this.arrivals[0] ?? null;
  }

  private dropFirst(): void {
    const dropped = this.messages[this.first]!;
    this.floor = dropped.position;
    this.bytes -= dropped.bytes;
    this.first += 1;
  }

  private compact(): void {
    this.messages = this.messages.slice(this.first);
    this.arrivals = this.arrivals.slice(this.first);
    this.first = 0;
  }
}
