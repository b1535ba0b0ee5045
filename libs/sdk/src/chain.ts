import type { Gap, Message } from './types.js';

/** What the server says an answer covers of one channel: positions (`from`, `to`]. */
export interface Proof {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly lost: {
    readonly reason: 'retention' | 'epoch' | 'slow_consumer';
    readonly count?: number;
  } | null;
  /** Covered, and left out because the reader asked for that: there where it did, if only as 0. */
  readonly filtered?: number;
  readonly conflated?: number;
}

/** An answer to a receive, or a stream's batch, as far as the SDK reads it. */
export interface Answer {
  readonly messages: readonly Message[];
  readonly cursor: string;
  /** The hold ended, and the channels' ends are reached. */
  readonly timedOut: boolean;
  readonly channels: Readonly<Record<string, Proof>>;
}

/** How far a channel was read: every message up to `covered` was handed on, in this epoch of the log. */
export interface Place {
  readonly epoch: string;
  readonly covered: number;
}

export interface Verdict {
  /** What has not been handed on yet, in order. */
  readonly fresh: ReadonlySet<Message>;
  readonly place: Place | null;
  /** What the server says is missing. */
  readonly gap: Gap | null;
  /** Something is missing and the server did not say so: ask again before believing it. */
  readonly fault: Gap | null;
}

/**
 * Checks one channel's part of an answer against what was read before: drops what is known by its
 * position, and proves by `previous` that nothing was left out. Pure.
 * @param place null: the channel is read for the first time.
 */
export function examine(
  channel: string,
  messages: readonly Message[],
  proof: Proof | undefined,
  place: Place | null,
): Verdict {
  if (proof === undefined && messages.length === 0) {
    return { fresh: new Set(), place, gap: null, fault: null };
  }
  const isSameLog =
    proof === undefined || (proof.epoch === place?.epoch && proof.lost?.reason !== 'epoch');
  const known = isSameLog ? place : null;
  const first = messages[0];
  let covered = known?.covered ?? proof?.from ?? first?.previous ?? 0;
  const lost = proof?.lost ?? null;
  const after = place?.covered;
  const missing = (reason: Gap['reason'], count?: number): Gap => ({
    channel,
    reason,
    ...(count === undefined ? {} : { count }),
    ...(after === undefined ? {} : { after }),
  });

  let gap: Gap | null = null;
  if (lost) gap = missing(lost.reason, lost.count);
  else if (place !== null && known === null) gap = missing('epoch');

  // Whoever admits a loss need not have an unbroken chain in this answer.
  const mustBeWhole = gap === null;
  let isWhole = known === null || proof === undefined || proof.from <= covered;
  if (lost && proof) covered = Math.max(covered, proof.from);
  // What was left out on request breaks the chain of `previous`; that each answer begins where the one
  // before ended is the proof then.
  const isThinned = proof?.filtered !== undefined || proof?.conflated !== undefined;
  const fresh = new Set<Message>();
  for (const message of messages) {
    if (message.position <= covered) continue;
    if (message.previous !== covered && !isThinned) isWhole = false;
    covered = message.position;
    fresh.add(message);
  }
  // A message that the answer claims to cover, and does not bring.
  if (proof !== undefined && proof.to > covered && !isThinned) isWhole = false;
  const fault = mustBeWhole && !isWhole ? missing('chain') : null;
  const end = Math.max(covered, proof?.to ?? 0);
  return { fresh, place: { epoch: proof?.epoch ?? place?.epoch ?? '', covered: end }, gap, fault };
}
