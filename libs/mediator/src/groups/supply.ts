import { GROUP_LIMIT, LIMIT, type Lost } from '#contracts';
import type { ChannelRef, Engine, LiveSubscription, ReadResult, Stored, Tail } from '#engine';
import { Timed } from '../deadlines.js';
import type { Deadlines } from '../deadlines.js';
import { judgeRead } from '../judge-read.js';
import type { GroupEvent, GroupState, InFlight } from './group-state.js';

/** Messages read ahead of their handing out, at most. */
const READ_AHEAD = 1000;
/** Milliseconds that they may wait; less than the shortest ttl there is. */
const FRESH_MS = 800;
/** Milliseconds before the log is asked again after an answer that was out of date: first, and most. */
const RETRY_MS = 50;
const RETRY_MAX_MS = 1000;
/** Reads by somebody who may lag that do not find a message before it is taken for gone. */
const MAX_MISSES = 8;

/** A message that can be handed out. */
export interface Offer {
  readonly stored: Stored;
  /** Set when it was handed out before. */
  readonly entry: InFlight | null;
}

export interface SupplyHost {
  readonly state: GroupState;
  record(event: GroupEvent): void;
  /** Whether anybody waits. */
  isWanted(): boolean;
  /** There may be something to hand out, or it is now known that there is nothing. */
  supplied(): void;
  unreadable(fault: unknown): void;
}

export interface SupplyOptions {
  readonly engine: Engine;
  readonly deadlines: Deadlines;
  readonly channel: ChannelRef;
  readonly host: SupplyHost;
}

/**
 * What a group can hand out: messages that come again first, then new ones in the channel's order. It
 * holds a bounded read-ahead and nothing while nobody waits; everything else is in the log.
 */
export class Supply extends Timed {
  /** Positions that wait to be handed out again, ascending, bodies not read yet. */
  private waiting: number[] = [];
  private old: Offer[] = [];
  private fresh: Offer[] = [];
  private freshSince = 0;
  /** The channel was read up to here. */
  private readTo: number;
  /** The channel's highest position that is known of. */
  private heard = 0;
  /** Every message after `readTo` is or will be heard of. */
  private isSynced = false;
  private isFilling = false;
  private isClosed = false;
  private patience = 0;
  private misses = 0;
  private lostAhead: Lost | null = null;
  private lostBehind: Lost | null = null;
  private readonly subscription: LiveSubscription;

  constructor(private readonly o: SupplyOptions) {
    super();
    this.readTo = o.host.state.frontier;
    this.subscription = o.engine.subscribe(o.channel, (messages) => this.live(messages));
    // Whoever fills waits for it and hears of the fault.
    this.subscription.ready.catch(() => {});
  }

  /** Messages that can be handed out now. */
  get size(): number {
    return this.old.length + this.fresh.length;
  }

  /** Nothing is under way that could still bring something. */
  get isQuiet(): boolean {
    return !this.isFilling && !this.canFill;
  }

  putBack(position: number): void {
    const { waiting } = this;
    let low = 0;
    let high = waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (waiting[middle]! < position) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, position);
  }

  /** Reads on, unless that is under way or there is nothing to be had. */
  kick(): void {
    if (this.isFilling || this.isClosed || !this.canFill) return;
    this.isFilling = true;
    void this.fill();
  }

  /** A wake may have been lost: the next look asks the log. */
  doubt(): void {
    this.isSynced = false;
  }

  /** At most `count` messages, and as many bytes as one answer takes. */
  take(count: number): Offer[] {
    const offers: Offer[] = [];
    let bytes = 0;
    while (offers.length < count) {
      const from = this.old.length > 0 ? this.old : this.fresh;
      const next = from[0];
      if (!next) break;
      bytes += next.stored.payload.length;
      if (offers.length > 0 && bytes > LIMIT.answerBytes) break;
      offers.push(next);
      from.shift();
    }
    return offers;
  }

  /** What has been missed since this was last asked. */
  takeLost(): Lost | null {
    const lost = joined(this.lostBehind, this.lostAhead);
    this.lostBehind = null;
    this.lostAhead = null;
    return lost;
  }

  /** What happened to the group is not known in full. */
  noteDamage(): void {
    this.lostBehind = joined(this.lostBehind, { reason: 'epoch' });
  }

  get hasLost(): boolean {
    return this.lostBehind !== null || this.lostAhead !== null;
  }

  /** What was read too long ago is read anew: retention or its ttl may have ended meanwhile. */
  refresh(): void {
    if (this.isFilling || this.size === 0) return;
    if (this.o.deadlines.tickedAt - this.freshSince < FRESH_MS) return;
    for (const { entry } of this.old) if (entry?.phase === 'again') this.putBack(entry.position);
    this.old = [];
    this.fresh = [];
    this.readTo = this.o.host.state.frontier;
    this.lostAhead = null;
    this.isSynced = false;
  }

  /** The bodies of messages at ascending positions, as far as they are kept, and how far that is sure. */
  async bodies(
    positions: readonly number[],
  ): Promise<{ found: Map<number, Stored>; sureTo: number }> {
    const { engine, channel, host } = this.o;
    const found = new Map<number, Stored>();
    let sureTo = 0;
    let at = 0;
    while (at < positions.length) {
      const place = { epoch: host.state.epoch, position: positions[at]! - 1 };
      const read: ReadResult = await engine.read(channel, place, {
        messages: positions.length - at,
        bytes: LIMIT.answerBytes,
      });
      for (const stored of read.messages) found.set(stored.position, stored);
      const last = read.messages.at(-1)?.position ?? 0;
      sureTo = Math.max(sureTo, last);
      if (!read.more || last === 0) break;
      while (at < positions.length && positions[at]! <= last) at += 1;
    }
    // A log of one node reads itself: what is not found there is gone.
    return { found, sureTo: engine.capabilities.nodes === 'one' ? Infinity : sureTo };
  }

  /** Notes messages that were handed out before and are not kept any more. */
  missed(positions: readonly number[]): void {
    if (positions.length === 0) return;
    this.o.host.record(['gone', positions]);
    this.lostBehind = joined(this.lostBehind, { reason: 'retention', count: positions.length });
  }

  close(): void {
    this.isClosed = true;
    this.o.deadlines.disarm(this);
    this.subscription.close();
  }

  /** Somebody who knows more of the log may answer now. */
  expire(): void {
    this.kick();
  }

  private get room(): number {
    const { inFlight } = this.o.host.state;
    return Math.min(
      GROUP_LIMIT.inFlight - inFlight.size - this.fresh.length,
      READ_AHEAD - this.size,
    );
  }

  private get canFill(): boolean {
    if (this.slot >= 0) return false;
    if (this.waiting.length > 0 && this.size < READ_AHEAD) return true;
    return (!this.isSynced || this.heard > this.readTo) && this.room > 0;
  }

  private async fill(): Promise<void> {
    try {
      if (!this.subscription.isReady) await this.subscription.ready;
      const tail = await this.o.engine.tail(this.o.channel);
      if (this.isClosed) return;
      this.adopt(tail);
      await this.readOld();
      if (this.isClosed) return;
      await this.readFresh(tail);
    } catch (fault) {
      this.isFilling = false;
      if (!this.isClosed) this.o.host.unreadable(fault);
      return;
    }
    this.isFilling = false;
    if (!this.isClosed) this.o.host.supplied();
  }

  /** Another log: what members have stays theirs, and the group goes on where the new log can. */
  private adopt(tail: Tail): void {
    const { state } = this.o.host;
    if (tail.epoch !== state.epoch) {
      this.fresh = [];
      this.heard = tail.last;
      this.readTo = Math.min(state.frontier, tail.last);
      this.o.host.record(['moved', this.readTo, tail.epoch]);
      this.lostAhead = joined(this.lostAhead, { reason: 'epoch' });
    }
    this.heard = Math.max(this.heard, tail.last);
    this.isSynced = true;
  }

  private async readOld(): Promise<void> {
    const wanted = this.waiting.slice(0, Math.max(0, READ_AHEAD - this.size));
    if (wanted.length === 0) return;
    const { found, sureTo } = await this.bodies(wanted);
    if (this.isClosed) return;
    const taken = new Set<number>();
    const gone: number[] = [];
    let isUnsure = false;
    for (const position of wanted) {
      const stored = found.get(position);
      const entry = this.o.host.state.inFlight.get(position);
      if (!stored && position > sureTo && this.misses < MAX_MISSES) {
        isUnsure = true;
        continue;
      }
      taken.add(position);
      if (entry?.phase !== 'again') continue;
      if (stored) this.add(this.old, { stored, entry });
      else gone.push(position);
    }
    this.misses = isUnsure ? this.misses + 1 : 0;
    if (isUnsure) this.wait();
    this.waiting = this.waiting.filter((position) => !taken.has(position));
    this.missed(gone);
  }

  private async readFresh(tail: Tail): Promise<void> {
    const { engine, channel, host } = this.o;
    const { room } = this;
    if (room <= 0 || this.readTo === tail.last) return;
    const place = { epoch: tail.epoch, position: this.readTo };
    const read = await engine.read(channel, place, { messages: room, bytes: LIMIT.answerBytes });
    if (this.isClosed) return;
    const verdict = judgeRead(place, tail, read, engine.capabilities.nodes === 'one');
    if (verdict === null) return;
    if (verdict === 'stale') {
      this.isSynced = false;
      this.wait();
      return;
    }
    this.patience = 0;
    let before = verdict.lost ? null : place.position;
    let lost = verdict.lost;
    for (const stored of verdict.messages) {
      if (before !== null && stored.previous !== before) lost ??= { reason: 'retention' };
      before = stored.position;
      this.add(this.fresh, { stored, entry: null });
    }
    this.readTo = verdict.to;
    this.lostAhead = joined(this.lostAhead, lost);
    if (this.fresh.length === 0) host.record(['moved', verdict.to, verdict.epoch]);
  }

  private live(messages: readonly Stored[]): void {
    const newest = messages.at(-1);
    if (this.isClosed || !newest) return;
    this.heard = Math.max(this.heard, newest.position);
    if (this.isFilling || !this.isSynced || !this.o.host.isWanted()) return;
    const isNext = messages[0]!.previous === this.readTo && messages.length <= this.room;
    if (isNext) {
      for (const stored of messages) this.add(this.fresh, { stored, entry: null });
      this.readTo = newest.position;
      this.o.host.supplied();
    } else {
      this.kick();
    }
  }

  private add(to: Offer[], offer: Offer): void {
    if (this.size === 0) this.freshSince = this.o.deadlines.tickedAt;
    to.push(offer);
  }

  private wait(): void {
    this.patience = Math.min(RETRY_MAX_MS, this.patience * 2 || RETRY_MS);
    this.o.deadlines.arm(this, this.patience);
  }
}

function joined(a: Lost | null, b: Lost | null): Lost | null {
  if (!a || !b) return a ?? b;
  const reason = a.reason === 'epoch' || b.reason === 'epoch' ? 'epoch' : a.reason;
  const count = a.count !== undefined && b.count !== undefined ? a.count + b.count : undefined;
  return count === undefined ? { reason } : { reason, count };
}
