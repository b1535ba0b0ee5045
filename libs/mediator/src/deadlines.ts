import type { Clock } from './types.js';

/** Milliseconds: how late a deadline may be (it is never early). */
const TICK_MS = 50;
/** Seven minutes of ticks, a power of two; what is due later waits in the last slot and is put back. */
const SLOTS = 8192;

/** Something that happens at a time unless it is disarmed. */
export abstract class Timed {
  /** For `Deadlines` alone. */
  earlier: Timed | null = null;
  later: Timed | null = null;
  slot = -1;
  dueTick = 0;

  abstract expire(): void;
}

class Sleeper extends Timed {
  constructor(private readonly wake: () => void) {
    super();
  }

  expire(): void {
    this.wake();
  }
}

/**
 * Every deadline of the mediator on one timer: a wheel of ticks, each slot a linked list, so that
 * arming and disarming cost the same with a hundred thousand holds as with one.
 */
export class Deadlines {
  /** The time of the last tick, in monotonic milliseconds: good enough for ages, and free. */
  tickedAt: number;
  private readonly slots: (Timed | null)[] = new Array<Timed | null>(SLOTS).fill(null);
  private readonly origin: number;
  private readonly stopTimer: () => void;
  private tick = 0;

  constructor(private readonly clock: Clock) {
    this.origin = clock.monotonic();
    this.tickedAt = this.origin;
    this.stopTimer = clock.every(TICK_MS, () => this.advance());
  }

  /** Arms or re-arms. `now` is a recent `monotonic()`, where the caller has one at hand. */
  arm(item: Timed, delayMs: number, now = this.clock.monotonic()): void {
    if (item.slot >= 0) this.disarm(item);
    const due = Math.ceil((now - this.origin + delayMs) / TICK_MS);
    item.dueTick = Math.max(due, this.tick + 1);
    this.insert(item);
  }

  disarm(item: Timed): void {
    if (item.slot < 0) return;
    if (item.earlier) item.earlier.later = item.later;
    else this.slots[item.slot] = item.later;
    if (item.later) item.later.earlier = item.earlier;
    item.earlier = null;
    item.later = null;
    item.slot = -1;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.arm(new Sleeper(resolve), ms));
  }

  stop(): void {
    this.stopTimer();
    this.slots.fill(null);
  }

  private insert(item: Timed): void {
    item.slot = Math.min(item.dueTick, this.tick + SLOTS - 1) & (SLOTS - 1);
    const first = this.slots[item.slot] ?? null;
    item.later = first;
    if (first) first.earlier = item;
    this.slots[item.slot] = item;
  }

  private advance(): void {
    this.tickedAt = this.clock.monotonic();
    const target = Math.floor((this.tickedAt - this.origin) / TICK_MS);
    // A process that slept for longer than the wheel turns once, not once for each turn it missed.
    if (target - this.tick > SLOTS) this.tick = target - SLOTS;
    while (this.tick < target) {
      this.tick += 1;
      this.expireSlot(this.tick & (SLOTS - 1));
    }
  }

  private expireSlot(slot: number): void {
    const notYet: Timed[] = [];
    for (let item = this.slots[slot]; item; item = this.slots[slot]) {
      this.disarm(item);
      if (item.dueTick > this.tick) notYet.push(item);
      else item.expire();
    }
    for (const item of notYet) this.insert(item);
  }
}
