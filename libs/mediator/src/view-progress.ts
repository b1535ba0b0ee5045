import type { Lost } from '#contracts';
import { writeAnswer } from './answer-text.js';
import type { ChannelEntry } from './answer-text.js';
import type { Cursor } from './cursor.js';
import type { CountedAnswer } from './findings.js';
import type { HoldGroup } from './hold-group.js';
import type { View } from './view.js';
import type { Content } from './view-findings.js';

/** What went by in one channel since the reader's cursor without being handed out. */
export interface Passed {
  readonly epoch: string;
  /** The reader's position. */
  readonly from: number;
  readonly filtered: number;
  readonly conflated: number;
}

/**
 * How far a view has looked since its readers' cursor. What they do not want to see moves it on in
 * memory, and is counted: their next answer covers all of it.
 */
export class Progress {
  /** Who holds here; for the view table alone. */
  group: HoldGroup | null = null;
  private readonly steps = new WeakMap<Content, Progress>();
  private readonly idle = new Map<boolean, CountedAnswer>();

  private constructor(
    readonly view: View,
    /** Everything up to here has been looked at. */
    readonly at: Cursor,
    /** Parallel to the list's channels. */
    readonly passed: readonly Passed[],
  ) {}

  static begin(view: View, at: Cursor): Progress {
    const passed = at.positions.map((from, i) => {
      return { epoch: at.epochs[i]!, from, filtered: 0, conflated: 0 };
    });
    return new Progress(view, at, passed);
  }

  /** How far it is once it has looked at `content`; null if there is something to hand out. */
  past(content: Content): Progress | null {
    const choices = this.view.choose(content);
    if (content.pieces.some(({ lost }, p) => lost || choices[p]!.kept > 0)) return null;
    let next = this.steps.get(content);
    if (!next) this.steps.set(content, (next = this.move(content)));
    return next;
  }

  /** The answer of those whose time ends here. Not `timedOut`: there is more to look at. */
  idleAnswer(timedOut: boolean): CountedAnswer {
    let answer = this.idle.get(timedOut);
    if (!answer) {
      const entries = new Map(this.passed.map((_, index) => [index, this.entry(index)]));
      const body = writeAnswer(this.at, [], entries, timedOut);
      answer = { body, cursor: this.at.text, timedOut, messages: 0, counts: [] };
      this.idle.set(timedOut, answer);
    }
    return answer;
  }

  /** The proof of a channel up to here. */
  entry(index: number): ChannelEntry {
    const { epoch, from, filtered, conflated } = this.passed[index]!;
    const to = this.at.positions[index]!;
    return this.entryOf(index, { epoch, from, to, lost: null, filtered, conflated });
  }

  /** Says how many are left out, by each means that was asked for, also when it is none. */
  entryOf(index: number, { filtered, conflated, ...proof }: ViewEntry): ChannelEntry {
    // Changes of presence are no messages: a view leaves all of them in.
    if (this.at.list.isPresence?.[index]) return proof;
    let omitted = '';
    if (this.view.filters) omitted += `,"filtered":${filtered}`;
    if (this.view.conflates) omitted += `,"conflated":${conflated}`;
    return { ...proof, omitted };
  }

  private move(content: Content): Progress {
    const passed = this.passed.slice();
    // All of them are filtered out: without one that is kept there is none that could outdate another.
    for (const { index, messages } of content.pieces) {
      const before = passed[index]!;
      passed[index] = { ...before, filtered: before.filtered + messages.length };
    }
    return new Progress(this.view, content.next, passed);
  }
}

/** The proof of a channel, with what was left out of it. */
export interface ViewEntry {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly lost: Lost | null;
  readonly filtered: number;
  readonly conflated: number;
}
