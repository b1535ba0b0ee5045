import type { ChannelRef, Engine, LiveSubscription, Stored, Tail } from '#engine';
import { Timed } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import { Outgoing, wireHead } from './message-text.js';
import { Window } from './window.js';

/** Milliseconds a message stays in memory; less than the shortest ttl there is. */
const WINDOW_MS = 800;
/** Live messages that wait while the tail is being asked for; of more, the newest half. */
const MAX_EARLY = 2000;

/** Answers that may be out of date before one is taken all the same. */
const MAX_ASKS = 8;

/** Told of news in a channel; must not throw. */
export interface ChannelListener {
  /** Held requests that it stands for. */
  readonly holds: number;
  news(): void;
}

export interface ChannelSurroundings {
  readonly engine: Engine;
  readonly deadlines: Deadlines;
  /** A tail check found what no wake had told of. */
  readonly backstop: () => void;
}

/**
 * What this node knows of one channel while somebody holds on it: where its log ends, and the newest
 * messages. As long as `synced`, whoever stands at `tail` in `epoch` has everything (as far as no
 * wake was lost), and no engine need be asked.
 */
export class ChannelState extends Timed {
  readonly head: string;
  readonly window = new Window();
  readonly listeners = new Set<ChannelListener>();
  /** How many channel lists name this channel; for the channel table alone. */
  lists = 0;
  synced = false;
  epoch = '';
  tail = 0;
  /** Grows with every change of tail, epoch or window's chain. */
  version = 0;
  /** The highest position that a wake brought: known before `synced` is. */
  heard = 0;
  /** What the log's end was when it was asked for: `now`, for who came before the answer. */
  joinedAt = 0;

  private subscription: LiveSubscription | null = null;
  private early: Stored[] | null = null;
  private syncing: Promise<void> | null = null;
  private checking: Promise<void> | null = null;
  private closed = false;

  constructor(
    readonly ref: ChannelRef,
    /** Stands for this channel in cursors. */
    readonly tag: string,
    private readonly around: ChannelSurroundings,
  ) {
    super();
    this.head = wireHead(ref.name);
  }

  /**
   * Subscribes first, then asks for the log's end, so that what comes in between is not missed.
   * Concurrent calls share the work. Rejects if the engine fails; a later call tries anew.
   */
  sync(): Promise<void> {
    if (!this.syncing) {
      this.syncing = this.join().finally(() => {
        this.syncing = null;
        this.early = null;
      });
      this.syncing.catch(ignore);
    }
    return this.syncing;
  }

  /**
   * Asks the log where it ends: the net under lost wakes. Calls at the same time share the answer.
   * Rejects if the engine fails.
   */
  check(): Promise<void> {
    if (!this.checking) {
      this.checking = this.ask().finally(() => {
        this.checking = null;
      });
      this.checking.catch(ignore);
    }
    return this.checking;
  }

  /** Takes over a tail that is newer than what wakes have told. */
  observe(tail: Tail): void {
    // Which of two logs is the present one, an answer that was under way cannot tell: ask anew.
    if (tail.epoch === this.epoch) this.takeOver(tail);
    else this.noticeEpoch(tail.epoch);
  }

  /** The log answered with this epoch: if it is not ours, find out where we are. */
  noticeEpoch(epoch: string): void {
    if (this.synced && !this.closed && epoch !== this.epoch) void this.check();
  }

  /** The channel was purged: what memory still has of it must not be handed out. */
  forgetMessages(): void {
    this.window.reset(this.tail);
    this.version += 1;
  }

  close(): void {
    this.closed = true;
    this.synced = false;
    this.around.deadlines.disarm(this);
    this.subscription?.close();
    this.subscription = null;
  }

  /** The oldest messages of the window have lived long enough. */
  expire(): void {
    const { tickedAt } = this.around.deadlines;
    const oldest = this.window.forgetBefore(tickedAt - WINDOW_MS);
    if (oldest !== null) this.around.deadlines.arm(this, oldest + WINDOW_MS - tickedAt, tickedAt);
  }

  /** Says whether the tail was news. */
  private takeOver(tail: Tail): boolean {
    if (!this.synced || this.closed) return false;
    if (tail.epoch === this.epoch && tail.last <= this.tail) return false;
    this.adopt(tail);
    this.wakeAll();
    return true;
  }

  private async ask(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { version } = this;
      const tail = await this.around.engine.tail(this.ref);
      const isSameLog = tail.epoch === this.epoch;
      // The end of another log may be older than a message that a wake brought while it was asked for:
      // taking it over would forget that message. A younger answer has both.
      if (!isSameLog && version !== this.version && attempt < MAX_ASKS) continue;
      if (this.takeOver(tail) && isSameLog) this.around.backstop();
      return;
    }
  }

  private async join(): Promise<void> {
    this.early = [];
    this.subscription ??= this.around.engine.subscribe(this.ref, (messages) => this.live(messages));
    const { subscription } = this;
    if (!subscription.isReady) {
      try {
        await subscription.ready;
      } catch (fault) {
        subscription.close();
        if (this.subscription === subscription) this.subscription = null;
        throw fault;
      }
    }
    const tail = await this.around.engine.tail(this.ref);
    if (this.closed) return;
    const early = this.early;
    this.early = null;
    this.joinedAt = tail.last;
    this.adopt(tail);
    this.synced = true;
    this.extend(early);
    this.wakeAll();
  }

  private live(messages: readonly Stored[]): void {
    const newest = messages.at(-1);
    if (this.closed || !newest) return;
    this.heard = Math.max(this.heard, newest.position);
    if (this.synced) {
      this.extend(messages);
      this.wakeAll();
    } else if (this.early) {
      for (const message of messages) this.early.push(message);
      // What is cut off shows as a broken chain, which is read from the log.
      if (this.early.length > MAX_EARLY) this.early = this.early.slice(-MAX_EARLY / 2);
    }
  }

  private extend(messages: readonly Stored[]): void {
    const { tickedAt } = this.around.deadlines;
    const wasEmpty = this.window.isEmpty;
    let strange = false;
    for (const message of messages) {
      if (message.position <= this.tail) {
        strange ||= !this.window.has(message.position);
        continue;
      }
      // A wake was lost: the chain is whole only from here on, and who stands before it must read.
      if (message.previous !== this.tail) this.window.reset(message.previous);
      this.window.push(new Outgoing(message), tickedAt);
      this.tail = message.position;
    }
    this.version += 1;
    if (wasEmpty && !this.window.isEmpty) this.around.deadlines.arm(this, WINDOW_MS, tickedAt);
    // Late, or the log went back: its end tells which.
    if (strange && this.around.engine.capabilities.nodes === 'many') void this.check();
  }

  private adopt(tail: Tail): void {
    this.epoch = tail.epoch;
    this.tail = tail.last;
    this.window.reset(tail.last);
    this.version += 1;
  }

  private wakeAll(): void {
    for (const listener of this.listeners) listener.news();
  }
}

/** Whoever waits for the answer hears of the fault; if nobody does, it must not end the process. */
function ignore(): void {}
