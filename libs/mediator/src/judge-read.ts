import type { Lost } from '#contracts';
import type { Place, ReadResult, Stored, Tail } from '#engine';

/** What a read proves about one channel. */
export interface Verdict {
  readonly epoch: string;
  /** The reader's position before; 0 in a log that is not the one it knew. */
  readonly from: number;
  readonly messages: readonly Stored[];
  /** The reader's position when it has taken all of `messages`. */
  readonly to: number;
  /** What is missing before the first message. Holes after it are for whoever hands them out to see. */
  readonly lost: Lost | null;
}

/**
 * Compares what a read found with where the log ends. `tail` was asked for *before* the read.
 *
 * null: the reader has everything. `'stale'`: the read was answered by somebody who does not know all
 * that the tail proves to exist (a follower that lags), so nothing may be concluded: ask again. An
 * engine of one node (`consistent`) reads its own log, so there what is not found is gone.
 */
export function judgeRead(
  place: Place,
  tail: Tail,
  read: ReadResult,
  consistent: boolean,
): Verdict | 'stale' | null {
  if (read.epoch !== tail.epoch) return 'stale';
  const { epoch, messages } = read;
  const last = messages.at(-1)?.position;

  if (read.status === 'epoch_changed') {
    const isOurs = place.epoch === tail.epoch && place.position <= tail.last;
    if (isOurs && !consistent) return 'stale';
    if (last === undefined && tail.last > 0 && !consistent) return 'stale';
    return { epoch, from: 0, messages, to: last ?? tail.last, lost: lostBy('epoch', read) };
  }

  const from = place.position;
  if (last === undefined) {
    if (from === tail.last) return null;
    // Beyond a tail of its own epoch a place should not be, and a short read may be a late one.
    if (from > tail.last || !consistent) return 'stale';
    return { epoch, from, messages, to: tail.last, lost: lostBy('retention', read) };
  }
  const isWhole = read.status === 'ok' && messages[0]!.previous === from;
  return { epoch, from, messages, to: last, lost: isWhole ? null : lostBy('retention', read) };
}

function lostBy(reason: Lost['reason'], read: ReadResult): Lost {
  return read.missing === undefined ? { reason } : { reason, count: read.missing };
}
