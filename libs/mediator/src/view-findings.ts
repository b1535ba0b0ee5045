import type { Lost } from '#contracts';
import type { Cursor } from './cursor.js';
import { Findings, isChain } from './findings.js';
import type { CountedAnswer } from './findings.js';
import type { Outgoing } from './message-text.js';

/** What is there of one channel, as the log has it. */
export interface Piece {
  readonly index: number;
  readonly messages: readonly Outgoing[];
  readonly lost: Lost | null;
  readonly epoch: string;
  /** It covers the positions (`from`, `to`]. */
  readonly from: number;
  readonly to: number;
}

/** Everything after `origin` that fits one answer; `next` is the place after it. */
export interface Content {
  readonly origin: Cursor;
  readonly next: Cursor;
  readonly pieces: readonly Piece[];
}

/** An answer without a body: what the views make answers of. */
export interface ContentAnswer extends CountedAnswer {
  readonly content: Content;
}

const NO_BODY = Buffer.alloc(0);

/** What is there for everybody at one cursor, before any view has chosen from it. */
export class ViewFindings extends Findings {
  protected override make(limit: number): ContentAnswer {
    const { cursor, parts } = this;
    const positions = cursor.positions.slice();
    const epochs = cursor.epochs.slice();
    const pieces: Piece[] = [];
    this.takes(limit).forEach((take, p) => {
      const part = parts[p]!;
      if (take === 0 && part.messages.length > 0) return;
      const { index, epoch, from } = part;
      const messages = part.messages.slice(0, take);
      const to = take === part.messages.length ? part.to : messages.at(-1)!.position;
      const lost = part.lost ?? (isChain(part, take) ? null : { reason: 'retention' as const });
      positions[index] = to;
      epochs[index] = epoch;
      pieces.push({ index, messages, lost, epoch, from, to });
    });
    const next = this.book.at(cursor.list, positions, epochs, cursor);
    const content = { origin: cursor, next, pieces };
    return { body: NO_BODY, cursor: next.text, timedOut: false, messages: 0, counts: [], content };
  }
}

/** null: there was nothing. */
export function contentOf(answer: object): Content | null {
  return 'content' in answer ? (answer as ContentAnswer).content : null;
}
