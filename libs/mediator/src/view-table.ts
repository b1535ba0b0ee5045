import { LIMIT } from '#contracts';
import type { Problem } from '#contracts';
import type { ChannelRef } from '#engine';
import type { ChannelList } from './channel-list.js';
import type { ChannelTable } from './channel-table.js';
import type { CursorBook } from './cursor-book.js';
import type { Cursor } from './cursor.js';
import type { Deadlines } from './deadlines.js';
import { HeldPoll } from './hold-group.js';
import type { AnswerSource, Ending, HoldGroup, HoldKeeper } from './hold-group.js';
import type { HoldTable } from './hold-table.js';
import type { Opening } from './opening.js';
import { Outbox } from './outbox.js';
import type {
  Answer,
  Clock,
  Hold,
  HoldOwner,
  MediatorHooks,
  ReceiveRequest,
  Receiver,
} from './types.js';
import { ViewAnswers } from './view-answers.js';
import { contentOf } from './view-findings.js';
import type { Content } from './view-findings.js';
import { ViewGroup } from './view-group.js';
import type { ViewGroupKeeper } from './view-group.js';
import { Progress } from './view-progress.js';
import { Views } from './view.js';
import type { View } from './view.js';
import type { Witnesses } from './witnesses.js';

/** Full answers that are looked through in vain before those whose time is over are told how far it is. */
const MAX_ROUNDS = 20;
/** For holds that others end. */
const FOREVER_MS = 2 ** 40;

const ASK: ReceiveRequest = {
  subscriptions: [],
  cursor: null,
  from: { kind: 'now' },
  waitMs: 0,
  limit: LIMIT.answerMessages,
};
const HOLD: ReceiveRequest = { ...ASK, waitMs: FOREVER_MS };

export interface ViewTableOptions {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly channels: ChannelTable;
  readonly book: CursorBook;
  readonly hooks: MediatorHooks;
  readonly witnesses: Witnesses;
  /** Finds contents (see `ViewFindings`) for the views; nobody else holds in it. */
  readonly table: HoldTable;
}

/**
 * The holds that want to see less than everything, or later. Those with one view at one place are a
 * group, and a group is one hold in a hold table of its own: what it is told is looked at once, and
 * either handed out to all or moves all of them on. Holds without a view know nothing of this.
 */
export class ViewTable implements ViewGroupKeeper, HoldKeeper {
  private readonly views = new Views();
  private readonly begun = new WeakMap<View, WeakMap<Cursor, Progress>>();
  private readonly made = new WeakMap<Progress, WeakMap<Content, ViewAnswers>>();
  private readonly groups = new Set<ViewGroup>();
  private readonly outbox: Outbox;
  private holds = 0;
  private isFlushing = false;
  private isDraining = false;

  constructor(private readonly o: ViewTableOptions) {
    this.outbox = new Outbox((hold, why) => this.settle(hold, why), o.hooks, o.witnesses);
  }

  /** Resolves once everybody whose answer is sure by now has it. */
  async caughtUp(ref: ChannelRef): Promise<void> {
    await this.o.table.caughtUp(ref);
    await this.outbox.passed();
  }

  get size(): number {
    return this.holds;
  }

  enter(cursor: Cursor, request: ReceiveRequest, receiver: Receiver): Hold {
    const progress = this.begin(this.views.of(request.view!), cursor);
    const hold = this.hold(request, receiver);
    const known = progress.group as ViewGroup | null;
    const group = known ?? this.open(progress.view, cursor.list);
    group.add(hold);
    if (!known) this.place(group, progress);
    if (!known || (hold.ended && !group.busy)) this.watch(group);
    return hold;
  }

  /** A poll whose place the log must tell first. */
  enterOpening(opening: Opening, request: ReceiveRequest, receiver: Receiver): Hold {
    const hold = this.hold(request, receiver);
    const group = this.open(this.views.of(request.view!), opening.list);
    group.add(hold);
    group.busy = true;
    group.ask((inner) => this.o.table.enterOpening(opening, ASK, inner));
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
    this.o.table.drain();
    for (const group of [...this.groups]) if (!group.busy) this.watch(group);
  }

  close(problem: Problem): void {
    for (const hold of [...this.everyHold()]) this.refuse(hold, problem, 'drain');
    this.o.table.close(problem);
  }

  found(group: ViewGroup, answer: Answer): void {
    group.busy = false;
    const content = contentOf(answer);
    if (content) this.look(group, content);
    else this.rest(group, answer.cursor);
  }

  failed(group: ViewGroup, problem: Problem): void {
    for (let hold = group.first; hold; hold = group.first) this.refuse(hold, problem, 'refused');
  }

  /** The window of a group is over: whatever has come since goes out. */
  retry(group: HoldGroup): void {
    const mine = group as ViewGroup;
    mine.window = 'over';
    if (!mine.busy) this.watch(mine);
  }

  /** The time of a hold is over: a last look. */
  end(hold: HeldPoll): void {
    const group = hold.group as ViewGroup | null;
    if (!group || hold.ended) return;
    hold.ended = true;
    group.ended += 1;
    if (!group.busy) this.watch(group);
  }

  forget(hold: HeldPoll, why: Ending): void {
    const group = hold.group as ViewGroup | null;
    if (group) {
      group.remove(hold);
      if (group.size === 0) this.closeGroup(group);
    }
    this.settle(hold, why);
  }

  private hold(request: ReceiveRequest, receiver: Receiver): HeldPoll {
    const now = this.o.clock.monotonic();
    const hold = new HeldPoll(this, request, receiver, now);
    this.holds += 1;
    hold.ended = request.waitMs <= 0 || this.isDraining;
    if (!hold.ended) this.o.deadlines.arm(hold, request.waitMs, now);
    return hold;
  }

  private begin(view: View, cursor: Cursor): Progress {
    let places = this.begun.get(view);
    if (!places) this.begun.set(view, (places = new WeakMap()));
    let progress = places.get(cursor);
    if (!progress) places.set(cursor, (progress = Progress.begin(view, cursor)));
    return progress;
  }

  private open(view: View, list: ChannelList): ViewGroup {
    const group = new ViewGroup(view, list, this);
    this.groups.add(group);
    this.o.channels.acquire(list);
    return group;
  }

  private place(group: ViewGroup, progress: Progress): void {
    if (group.progress?.group === group) group.progress.group = null;
    group.progress = progress;
    progress.group = group;
  }

  /** Puts a group where it now is. False: others are there already, and its holds have joined them. */
  private settleIn(group: ViewGroup, progress: Progress): boolean {
    const others = progress.group as ViewGroup | null;
    if (!others) {
      this.place(group, progress);
      return true;
    }
    for (let hold = group.first; hold; hold = group.first) {
      group.remove(hold);
      others.add(hold);
    }
    this.closeGroup(group);
    if (others.ended > 0 && !others.busy) this.watch(others);
    return false;
  }

  private closeGroup(group: ViewGroup): void {
    group.closed = true;
    group.forgetAsk();
    this.groups.delete(group);
    if (group.progress?.group === group) group.progress.group = null;
    this.o.deadlines.disarm(group);
    this.o.channels.release(group.list);
  }

  /** Asks at once for those who have no more time, else holds; a group that gathers needs no telling. */
  private watch(group: ViewGroup): void {
    const { progress } = group;
    if (group.closed || !progress) return;
    const isUrgent = group.ended > 0 || group.window === 'over' || this.isDraining;
    if (!isUrgent && group.window === 'open') return;
    group.busy = isUrgent;
    group.ask((inner) => this.o.table.enter(progress.at, isUrgent ? ASK : HOLD, inner));
  }

  private look(group: ViewGroup, content: Content): void {
    const progress = group.progress ?? this.begin(group.view, content.origin);
    if (!group.progress && !this.settleIn(group, progress)) return;
    const next = progress.past(content);
    if (next) return this.moveOn(group, next);
    const answers = this.answers(progress, content);
    const isFull = answers.total >= group.limit;
    if (group.view.windowMs > 0 && group.window !== 'over' && !isFull && !this.isDraining) {
      if (group.window === 'shut') {
        group.window = 'open';
        this.o.deadlines.arm(group, group.view.windowMs);
      }
      this.giveEnded(group, answers, 'messages');
    } else {
      for (let hold = group.first; hold; hold = group.first) this.take(hold, answers, 'messages');
    }
    this.soon();
  }

  private answers(progress: Progress, content: Content): ViewAnswers {
    let made = this.made.get(progress);
    if (!made) this.made.set(progress, (made = new WeakMap()));
    let answers = made.get(content);
    if (!answers) made.set(content, (answers = new ViewAnswers(progress, content, this.o.book)));
    return answers;
  }

  /** Nothing of it was for them. The next look waits until others had their turn: there may be many. */
  private moveOn(group: ViewGroup, next: Progress): void {
    const rounds = group.rounds + 1;
    if (group.ended > 0 && rounds >= MAX_ROUNDS) {
      this.giveEnded(group, idleSource(next, false), 'timeout');
      this.soon();
      if (group.closed) return;
    }
    if (!this.settleIn(group, next)) return;
    group.rounds = rounds;
    group.busy = true;
    setImmediate(() => {
      if (group.closed) return;
      group.busy = false;
      this.watch(group);
    });
  }

  /** Nothing new: those whose time is over are told so, the others hold on. */
  private rest(group: ViewGroup, cursor: string): void {
    if (!group.progress) {
      const at = this.o.book.find(cursor, group.list);
      if (!this.settleIn(group, this.begin(group.view, at))) return;
    }
    group.rounds = 0;
    if (group.window === 'over') group.window = 'shut';
    const idle = idleSource(group.progress!, true);
    if (this.isDraining) {
      for (let hold = group.first; hold; hold = group.first) this.take(hold, idle, 'drain');
    } else this.giveEnded(group, idle, 'timeout');
    this.soon();
    if (!group.closed && !group.busy) this.watch(group);
  }

  private giveEnded(group: ViewGroup, source: AnswerSource, ending: Ending): void {
    let next: HeldPoll | null;
    for (let hold = group.first; hold; hold = next) {
      next = hold.next;
      if (hold.ended) this.take(hold, source, ending);
    }
  }

  /** Moves a hold from its group to the outbox. */
  private take(hold: HeldPoll, source: AnswerSource, ending: Ending): void {
    const group = hold.group as ViewGroup;
    this.o.deadlines.disarm(hold);
    group.remove(hold);
    if (group.size === 0) this.closeGroup(group);
    this.outbox.put(hold, source, ending);
  }

  private soon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(this.flush);
  }

  private readonly flush = (): void => {
    this.isFlushing = false;
    this.outbox.run();
  };

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

function idleSource(progress: Progress, timedOut: boolean): AnswerSource {
  return { answer: () => progress.idleAnswer(timedOut) };
}
