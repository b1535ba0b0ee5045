import type { Cursor } from './cursor.js';
import type { CursorBook } from './cursor-book.js';
import type { Part } from './findings.js';

/** A cursor names every channel of its list: one for each message would soon be longer than the messages. */
const MAX_CHANNELS = 32;

/**
 * The cursor after each message of an answer, in its order, for a stream whose reader may be cut between
 * two of them. Null for too many channels: then the answer's own cursor is the only one.
 */
export function cursorsWithin(
  start: Cursor,
  parts: readonly Part[],
  takes: readonly number[],
  book: CursorBook,
): readonly string[] | null {
  const { list } = start;
  if (list.channels.length > MAX_CHANNELS) return null;
  const positions = start.positions.slice();
  const epochs = start.epochs.slice();
  const texts: string[] = [];
  parts.forEach(({ index, epoch, messages, to }, p) => {
    const take = takes[p]!;
    if (take === 0 && messages.length > 0) return;
    epochs[index] = epoch;
    for (let m = 0; m < take; m++) {
      positions[index] = m === messages.length - 1 ? to : messages[m]!.position;
      texts.push(book.textAt(list, positions, epochs));
    }
    if (take === 0) positions[index] = to;
  });
  return texts;
}
