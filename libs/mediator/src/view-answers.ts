import { writeAnswer } from './answer-text.js';
import type { ChannelEntry } from './answer-text.js';
import type { ChannelState } from './channel-state.js';
import type { CursorBook } from './cursor-book.js';
import type { CountedAnswer } from './findings.js';
import type { AnswerSource } from './hold-group.js';
import { CONFLATED, KEPT } from './view.js';
import type { Choice } from './view.js';
import type { Content, Piece } from './view-findings.js';
import type { Progress } from './view-progress.js';

/** The answers, one for each limit that cuts something off, for everybody with one view at one place. */
export class ViewAnswers implements AnswerSource {
  /** Messages to hand out. */
  readonly total: number;
  private readonly choices: readonly Choice[];
  private readonly answers = new Map<number, CountedAnswer>();

  constructor(
    private readonly progress: Progress,
    private readonly content: Content,
    private readonly book: CursorBook,
  ) {
    this.choices = progress.view.choose(content);
    this.total = this.choices.reduce((sum, { kept }) => sum + kept, 0);
  }

  answer(limit: number): CountedAnswer {
    const effective = Math.min(limit, this.total);
    let answer = this.answers.get(effective);
    if (!answer) this.answers.set(effective, (answer = this.make(effective)));
    return answer;
  }

  private make(limit: number): CountedAnswer {
    const { progress, content } = this;
    const { list } = progress.at;
    const positions = progress.at.positions.slice();
    const epochs = progress.at.epochs.slice();
    const entries = new Map<number, ChannelEntry>();
    for (let i = 0; i < positions.length; i++) entries.set(i, progress.entry(i));
    const takes = this.takes(limit);
    const texts: Buffer[] = [];
    const counts: { channel: ChannelState; messages: number }[] = [];
    content.pieces.forEach((piece, p) => {
      const take = takes[p]!;
      // What was lost is told with the first message after it, or when there is none.
      if (take === 0 && this.choices[p]!.kept > 0) return;
      const { index } = piece;
      const channel = list.channels[index]!;
      const before = texts.length;
      const appText = list.appTexts?.[index];
      const covered = this.cover(piece, this.choices[p]!, take, (i) => {
        texts.push(piece.messages[i]!.wire(channel.head, appText));
      });
      positions[index] = covered.to;
      epochs[index] = piece.epoch;
      const { epoch, from, filtered, conflated } = progress.passed[index]!;
      const isSameLog = epoch === piece.epoch;
      entries.set(
        index,
        progress.entryOf(index, {
          epoch: piece.epoch,
          from: isSameLog ? from : piece.from,
          to: covered.to,
          lost: piece.lost,
          filtered: covered.filtered + (isSameLog ? filtered : 0),
          conflated: covered.conflated + (isSameLog ? conflated : 0),
        }),
      );
      const messages = texts.length - before;
      if (messages > 0) counts.push({ channel, messages });
    });
    const next = this.book.at(list, positions, epochs, progress.at);
    const body = writeAnswer(next, texts, entries, false);
    return { body, cursor: next.text, timedOut: false, messages: texts.length, counts };
  }

  /** Walks a piece up to right before the first message that there is no room for. */
  private cover(
    piece: Piece,
    { marks, kept }: Choice,
    take: number,
    handOut: (index: number) => void,
  ): { to: number; filtered: number; conflated: number } {
    let to = piece.from;
    let taken = 0;
    let filtered = 0;
    let conflated = 0;
    for (let i = 0; i < marks.length; i++) {
      if (marks[i] === KEPT) {
        if (taken === take) break;
        handOut(i);
        taken += 1;
      } else if (marks[i] === CONFLATED) conflated += 1;
      else filtered += 1;
      to = piece.messages[i]!.position;
    }
    return { to: take === kept ? piece.to : to, filtered, conflated };
  }

  /** One of each channel in turn; the one whose message has waited longest is first. */
  private takes(limit: number): number[] {
    const all = this.choices.map(({ kept }) => kept);
    if (this.total <= limit) return all;
    const turn = all.map((_, p) => p).filter((p) => all[p]! > 0);
    turn.sort((a, b) => this.since(a) - this.since(b));
    const fair = all.map(() => 0);
    for (let room = limit; room > 0;) {
      for (const p of turn) {
        if (room === 0 || fair[p]! >= all[p]!) continue;
        fair[p]! += 1;
        room -= 1;
      }
    }
    return fair;
  }

  private since(p: number): number {
    return this.content.pieces[p]!.messages[this.choices[p]!.marks.indexOf(KEPT)]!.timestamp;
  }
}
