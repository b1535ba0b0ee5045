import { unreadable } from './problems.js';
import type { CountedAnswer } from './findings.js';
import type { AnswerSource, Ending, HeldPoll } from './hold-group.js';
import type { MediatorHooks } from './types.js';
import type { Witnesses } from './witnesses.js';

/** Answers given before everything else has its turn: writing one takes some 15 µs. */
const SLICE = 256;

/**
 * Holds whose answer is sure, in the order in which it became so. They are answered in slices, so that
 * a channel with very many readers does not make all others wait for it.
 */
export class Outbox {
  private queue: HeldPoll[] = [];
  private first = 0;
  private isScheduled = false;
  private shared: CountedAnswer | null = null;
  private sharers = 0;
  private watchers: { left: number; resolve: () => void }[] = [];

  constructor(
    private readonly settle: (hold: HeldPoll, why: Ending) => void,
    private readonly hooks: MediatorHooks,
    private readonly witnesses: Witnesses | null = null,
  ) {}

  /** Resolves once everybody who waits here by now has been answered. */
  passed(): Promise<void> {
    const left = this.queue.length - this.first;
    if (left === 0) return Promise.resolve();
    return new Promise((resolve) => this.watchers.push({ left, resolve }));
  }

  put(hold: HeldPoll, source: AnswerSource, ending: Ending): void {
    hold.source = source;
    hold.ending = ending;
    this.queue.push(hold);
  }

  /** Answers a slice now, and the rest as soon as the loop has seen to others. */
  run(): void {
    // An answer may bring on the next poll and with it the next answer: that one waits for its turn.
    if (this.isScheduled || this.first === this.queue.length) return;
    this.isScheduled = true;
    try {
      this.answerSlice();
    } finally {
      this.isScheduled = this.first < this.queue.length;
      if (this.isScheduled) setImmediate(this.goOn);
    }
  }

  /** Those that still wait for their turn. */
  *waiting(): Iterable<HeldPoll> {
    for (let i = this.first; i < this.queue.length; i++) {
      const hold = this.queue[i]!;
      if (hold.receiver) yield hold;
    }
  }

  /** Gives one answer; counts it. */
  give(hold: HeldPoll): void {
    const { receiver, source } = hold;
    if (!receiver || !source) return;
    let answer: CountedAnswer;
    try {
      answer = source.answer(hold.limit);
    } catch (fault) {
      this.settle(hold, 'refused');
      receiver.refuse(unreadable(fault));
      return;
    }
    this.settle(hold, hold.ending);
    if (answer !== this.shared) {
      this.count();
      this.shared = answer;
    }
    this.sharers += 1;
    try {
      receiver.answer(answer);
    } catch (fault) {
      this.hooks.fault?.(fault);
    }
  }

  /** Tells the counters what was handed out since the last time. */
  count(): void {
    const { shared, sharers } = this;
    this.shared = null;
    this.sharers = 0;
    if (!shared) return;
    const { hooks, witnesses } = this;
    for (const { channel, messages, from = 0, to = Infinity, acceptedAt = 0 } of shared.counts) {
      const { app, name } = channel.ref;
      hooks.delivered?.(app, name, messages * sharers, sharers, acceptedAt);
      witnesses?.saw(channel.ref, from, to, sharers);
    }
  }

  private readonly goOn = (): void => {
    this.isScheduled = false;
    this.run();
  };

  private tellWatchers(answered: number): void {
    const waiting = this.watchers;
    this.watchers = [];
    for (const watcher of waiting) {
      watcher.left -= answered;
      if (watcher.left > 0) this.watchers.push(watcher);
      else watcher.resolve();
    }
  }

  private answerSlice(): void {
    const start = this.first;
    const end = Math.min(this.queue.length, start + SLICE);
    try {
      while (this.first < end) {
        const hold = this.queue[this.first]!;
        this.first += 1;
        this.give(hold);
      }
    } finally {
      this.count();
      if (this.watchers.length > 0) this.tellWatchers(this.first - start);
      if (this.first === this.queue.length) {
        this.queue = [];
        this.first = 0;
      } else if (this.first > SLICE * 16) {
        this.queue = this.queue.slice(this.first);
        this.first = 0;
      }
    }
  }
}
