import type { Problem } from '#contracts';
import type { ChannelRef } from '#engine';
import { writeAnswer } from './answer-text.js';
import type { ChannelList } from './channel-list.js';
import type { ChannelTable } from './channel-table.js';
import type { Collector } from './collector.js';
import type { Cursor } from './cursor.js';
import type { Deadlines } from './deadlines.js';
import type { CountedAnswer } from './findings.js';
import { HeldPoll, HoldGroup } from './hold-group.js';
import type { AnswerSource, Ending, GroupKeeper, HoldKeeper } from './hold-group.js';
import { Outbox } from './outbox.js';
import { tooSlow, unreadable } from './problems.js';
import type { Opening } from './opening.js';
import type { Start } from './starting-point.js';
import type { Clock, Hold, HoldOwner, MediatorHooks, ReceiveRequest, Receiver } from './types.js';
import type { Witnesses } from './witnesses.js';

/** Answers given inside each other, by receivers that ask again at once, before they have to queue. */
const MAX_DEPTH = 4;
/** Milliseconds before the log is asked again after an answer that was out of date: first, and most. */
const RETRY_MS = 50;
const RETRY_MAX_MS = 1000;
/** Reads for one group without a rest while its channels keep changing. */
const MAX_ROUNDS = 8;

export interface HoldTableOptions {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly channels: ChannelTable;
  readonly collector: Collector;
  readonly hooks: MediatorHooks;
  /** Whether a wake can be lost, so that the log is asked again at the end of a hold. */
  readonly checksTails: boolean;
  readonly patienceMs: number;
  /** Who wants to know whom a message reaches. */
  readonly witnesses?: Witnesses;
}

const SETTLED: Hold = Object.freeze({ cancel: () => {} });
const NO_ENTRIES: ReadonlyMap<number, never> = new Map<number, never>();

/**
 * Every hold there is, in groups of those that wait for the same. A group registers with its channels
 * before anything is read for it, and looks again after each read: nothing can fall between.
 */
export class HoldTable implements GroupKeeper, HoldKeeper {
  private readonly groups = new Set<HoldGroup>();
  private readonly groupsAt = new Map<Cursor, HoldGroup>();
  private readonly outbox: Outbox;
  private stirred: HoldGroup[] = [];
  private isFlushing = false;
  private isDraining = false;
  private holds = 0;
  private depth = 0;

  constructor(private readonly o: HoldTableOptions) {
    this.outbox = new Outbox((hold, why) => this.settle(hold, why), o.hooks, o.witnesses);
  }

  /** Resolves once everybody whom a wake has reached by now is answered. */
  async caughtUp(ref: ChannelRef): Promise<void> {
    const listeners = this.o.channels.peek(ref.app, ref.name)?.listeners ?? [];
    // Those that are asking the log where they begin will find the message too.
    if ([...listeners].some((one) => one instanceof HoldGroup && one.busy)) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await this.outbox.passed();
  }

  get size(): number {
    return this.holds;
  }

  /** A poll whose place is known. Answers at once, from inside, if memory has something for it. */
  enter(cursor: Cursor, request: ReceiveRequest, receiver: Receiver): Hold {
    const standing = this.o.collector.look(cursor);
    const findings = standing === 'hot' ? this.o.collector.fromMemory(cursor, true) : null;
    const mayAnswer = this.depth < MAX_DEPTH;
    if (findings && mayAnswer) {
      return this.answerNow(cursor, findings.answer(request.limit), 'messages', receiver);
    }
    const isOver = request.waitMs <= 0 || this.isDraining;
    if (isOver && standing === 'idle' && mayAnswer && !this.o.checksTails) {
      return this.answerNow(cursor, this.idleAnswer(cursor), 'timeout', receiver);
    }
    const hold = this.hold(request, receiver);
    const group = this.groupsAt.get(cursor) ?? this.openGroup(cursor.list, cursor);
    group.add(hold);
    if (group.busy) return hold;
    if (findings) group.news();
    else if (standing === 'idle' && hold.ended) this.endOf(group);
    // A group that waits before it asks again goes on waiting, unless somebody has no time for that.
    else if (standing !== 'idle' && (group.slot < 0 || hold.ended)) void this.read(group, null);
    return hold;
  }

  /** A poll whose place the log must tell first. */
  enterOpening(opening: Opening, request: ReceiveRequest, receiver: Receiver): Hold {
    const hold = this.hold(request, receiver);
    const group = this.openGroup(opening.list, null);
    group.add(hold);
    void this.read(group, opening);
    return hold;
  }

  /** Ends every hold with an owner that matches. Returns how many there were. */
  endAll(matches: (owner: HoldOwner) => boolean, problem: Problem): number {
    const ending: HeldPoll[] = [];
    for (const hold of this.everyHold()) {
      if (hold.subscriptions.some(({ owner }) => matches(owner))) ending.push(hold);
    }
    for (const hold of ending) this.refuse(hold, problem, 'revoked');
    return ending.length;
  }

  /** Answers everybody, and from now on at once. */
  drain(): void {
    this.isDraining = true;
    for (const group of [...this.groups]) {
      if (group.cursor) this.answerAll(group, this.idleSource(group), 'drain');
      // Where these begin is not known yet: their answer follows as soon as it is.
      else for (let hold = group.first; hold; hold = hold.next) this.markEnded(hold);
    }
    this.soon();
  }

  close(problem: Problem): void {
    for (const hold of [...this.everyHold()]) this.refuse(hold, problem, 'drain');
  }

  stir(group: HoldGroup): void {
    this.stirred.push(group);
    this.soon();
  }

  retry(group: HoldGroup): void {
    if (!group.closed && !group.busy) this.look(group);
  }

  /** The time of a hold is over. */
  end(hold: HeldPoll): void {
    const { group } = hold;
    if (!group) return;
    if (!hold.ended) {
      this.markEnded(hold);
      if (!group.busy) this.endOf(group);
    } else if (group.cursor) {
      this.take(hold, this.idleSource(group), 'timeout');
      this.soon();
    } else {
      this.refuse(hold, tooSlow(), 'refused');
    }
  }

  forget(hold: HeldPoll, why: Ending): void {
    const { group } = hold;
    if (group) {
      group.remove(hold);
      if (group.size === 0) this.closeGroup(group);
    }
    this.settle(hold, why);
  }

  private hold(request: ReceiveRequest, receiver: Receiver): HeldPoll {
    const { clock, deadlines, patienceMs } = this.o;
    const now = clock.monotonic();
    const hold = new HeldPoll(this, request, receiver, now);
    this.holds += 1;
    hold.ended = request.waitMs <= 0 || this.isDraining;
    deadlines.arm(hold, hold.ended ? patienceMs : request.waitMs, now);
    return hold;
  }

  private openGroup(list: ChannelList, cursor: Cursor | null): HoldGroup {
    const group = new HoldGroup(list, this);
    this.groups.add(group);
    this.o.channels.acquire(list);
    for (const channel of list.channels) channel.listeners.add(group);
    if (cursor) this.place(group, cursor);
    return group;
  }

  private place(group: HoldGroup, cursor: Cursor): void {
    group.cursor = cursor;
    if (!this.groupsAt.has(cursor)) this.groupsAt.set(cursor, group);
  }

  private closeGroup(group: HoldGroup): void {
    group.closed = true;
    this.groups.delete(group);
    for (const channel of group.list.channels) channel.listeners.delete(group);
    const { cursor } = group;
    if (cursor && this.groupsAt.get(cursor) === group) this.groupsAt.delete(cursor);
    this.o.deadlines.disarm(group);
    this.o.channels.release(group.list);
  }

  private soon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(this.flush);
  }

  /** After a whole commit: what it brought to several channels of a hold goes out in one answer. */
  private readonly flush = (): void => {
    this.isFlushing = false;
    const groups = this.stirred;
    this.stirred = [];
    for (const group of groups) {
      group.stirred = false;
      if (!group.closed && !group.busy) this.look(group);
    }
    this.outbox.run();
  };

  /** Answers a group, sends it to the log, or lets it go on waiting. */
  private look(group: HoldGroup): void {
    const cursor = group.cursor!;
    const standing = this.o.collector.look(cursor);
    if (standing === 'idle') return this.rest(group);
    const findings =
      standing === 'hot' ? this.o.collector.fromMemory(cursor, group.size > 1) : null;
    if (findings) this.answerAll(group, findings, 'messages');
    else void this.read(group, null);
  }

  /** Somebody's time in this group is over: a last look, where a wake may have been lost. */
  private endOf(group: HoldGroup): void {
    if (!this.o.checksTails) return this.rest(group);
    group.busy = true;
    Promise.all(group.list.channels.map((channel) => channel.check())).then(
      () => {
        group.busy = false;
        if (!group.closed) this.look(group);
      },
      (fault: unknown) => this.fail(group, fault),
    );
  }

  /** Never rejects. */
  private async read(group: HoldGroup, opening: Opening | null): Promise<void> {
    group.busy = true;
    this.o.deadlines.disarm(group);
    try {
      let starts: readonly (Start | null)[] | null = null;
      if (opening) {
        const opened = await opening.resolve();
        if (group.closed) return;
        ({ starts } = opened);
        const others = this.groupsAt.get(opened.cursor);
        if (others && !starts) return this.join(group, others);
        this.place(group, opened.cursor);
      }
      for (let round = 0; ; round++) {
        const cursor = group.cursor!;
        const { findings, stale } = await this.o.collector.collect(cursor, group.limit, starts);
        if (group.closed) return;
        starts = null;
        if (!findings.isEmpty) return this.answerAll(group, findings, 'messages');
        const standing = this.o.collector.look(cursor);
        if (standing === 'idle') break;
        const recent = standing === 'hot' ? this.o.collector.fromMemory(cursor, true) : null;
        if (recent) return this.answerAll(group, recent, 'messages');
        if (stale || round >= MAX_ROUNDS) {
          group.patience = Math.min(RETRY_MAX_MS, group.patience * 2 || RETRY_MS);
          this.o.deadlines.arm(group, group.patience);
          break;
        }
      }
      group.busy = false;
      this.rest(group);
    } catch (fault) {
      this.fail(group, fault);
    }
  }

  /** Those who turned out to stand where others hold already share what is done for them. */
  private join(group: HoldGroup, others: HoldGroup): void {
    for (let hold = group.first; hold; hold = group.first) {
      group.remove(hold);
      others.add(hold);
    }
    this.closeGroup(group);
    if (!others.busy && (others.slot < 0 || others.ended > 0)) this.look(others);
  }

  /** Nothing new: those whose time is over are told so, the others stay. */
  private rest(group: HoldGroup): void {
    if (group.ended === 0) return;
    const source = this.idleSource(group);
    let next: HeldPoll | null;
    for (let hold = group.first; hold; hold = next) {
      next = hold.next;
      if (hold.ended) this.take(hold, source, this.isDraining ? 'drain' : 'timeout');
    }
    this.soon();
  }

  private answerAll(group: HoldGroup, source: AnswerSource, ending: Ending): void {
    for (let hold = group.first; hold; hold = group.first) this.take(hold, source, ending);
    this.soon();
  }

  /** Moves a hold from its group to the outbox. */
  private take(hold: HeldPoll, source: AnswerSource, ending: Ending): void {
    const group = hold.group!;
    this.o.deadlines.disarm(hold);
    group.remove(hold);
    if (group.size === 0) this.closeGroup(group);
    this.outbox.put(hold, source, ending);
  }

  private answerNow(cursor: Cursor, answer: CountedAnswer, why: Ending, receiver: Receiver): Hold {
    const { hooks, channels } = this.o;
    channels.touch(cursor.list);
    for (const { channel, messages } of answer.counts) {
      hooks.delivered?.(channel.ref.app, channel.ref.name, messages, 1, 0);
    }
    hooks.settled?.(why, 0);
    this.depth += 1;
    try {
      receiver.answer(answer);
    } catch (fault) {
      hooks.fault?.(fault);
    } finally {
      this.depth -= 1;
    }
    return SETTLED;
  }

  private idleSource(group: HoldGroup): AnswerSource {
    const answer = this.idleAnswer(group.cursor!);
    return { answer: () => answer };
  }

  private idleAnswer(cursor: Cursor): CountedAnswer {
    const group = this.groupsAt.get(cursor);
    if (group?.idle) return group.idle;
    const body = writeAnswer(cursor, [], NO_ENTRIES, true);
    const answer = { body, cursor: cursor.text, timedOut: true, messages: 0, counts: [] };
    if (group) group.idle = answer;
    return answer;
  }

  private markEnded(hold: HeldPoll): void {
    if (hold.ended) return;
    hold.ended = true;
    if (hold.group) hold.group.ended += 1;
    this.o.deadlines.arm(hold, this.o.patienceMs);
  }

  private fail(group: HoldGroup, fault: unknown): void {
    group.busy = false;
    const problem = unreadable(fault);
    for (let hold = group.first; hold; hold = group.first) this.refuse(hold, problem, 'refused');
  }

  private refuse(hold: HeldPoll, problem: Problem, why: Ending): void {
    const { receiver } = hold;
    if (!receiver) return;
    this.forget(hold, why);
    try {
      receiver.refuse(problem);
    } catch (fault) {
      this.o.hooks.fault?.(fault);
    }
  }

  private settle(hold: HeldPoll, why: Ending): void {
    this.o.deadlines.disarm(hold);
    hold.receiver = null;
    hold.source = null;
    hold.subscriptions = [];
    this.holds -= 1;
    this.o.hooks.settled?.(why, this.o.clock.monotonic() - hold.since);
  }

  private *everyHold(): Iterable<HeldPoll> {
    for (const group of this.groups) {
      for (let hold = group.first; hold; hold = hold.next) yield hold;
    }
    yield* this.outbox.waiting();
  }
}
