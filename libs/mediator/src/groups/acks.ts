import type { AckIds } from './ack-ids.js';
import type { GroupEvent, GroupState, InFlight } from './group-state.js';
import type { AckOrder } from './types.js';

/** What became of one id. */
export interface AckOutcome {
  readonly ackId: string;
  readonly action: 'ack' | 'nack' | 'extend';
  readonly status: 'acked' | 'nacked' | 'extended' | 'dead' | 'expired' | 'done' | 'invalid';
  /** With `extended`: when the message comes again (ms since 1970). */
  readonly visibleAt?: number;
}

export interface AckSurroundings {
  readonly state: GroupState;
  readonly ids: AckIds;
  readonly now: number;
  readonly slackMs: number;
  record(event: GroupEvent): Promise<void>;
  again(entry: InFlight): void;
  /** Resolves when the message is among the dead letters. */
  bury(entry: InFlight): Promise<void>;
  extend(entry: InFlight, ms: number): void;
}

/**
 * Judges every id and applies what can be. The outcomes hold once everything in `done` has resolved. An
 * id that is foreign, too late or used up changes nothing.
 */
export function settleAcks(
  order: AckOrder,
  around: AckSurroundings,
): { outcomes: AckOutcome[]; done: Promise<void>[] } {
  const { state, ids, now } = around;
  const outcomes: AckOutcome[] = [];
  const done: Promise<void>[] = [];
  const acked: number[] = [];
  const nacked: number[] = [];
  const extended: [position: number, due: number][] = [];
  const isDone = new Set<number>();

  const find = (ackId: string): InFlight | 'invalid' | 'expired' | 'done' => {
    const handing = ids.decode(ackId);
    if (!handing) return 'invalid';
    const { position, serial } = handing;
    const entry = state.inFlight.get(position);
    if (isDone.has(position) || (!entry && position <= state.frontier)) return 'done';
    return entry?.serial === serial && entry.phase === 'held' ? entry : 'expired';
  };

  for (const ackId of order.ack) {
    const entry = find(ackId);
    const isFound = typeof entry !== 'string';
    outcomes.push({ ackId, action: 'ack', status: isFound ? 'acked' : entry });
    if (!isFound) continue;
    isDone.add(entry.position);
    acked.push(entry.position);
  }
  if (acked.length > 0) done.push(around.record(['acked', acked]));

  const { maxAttempts } = state.settings;
  for (const ackId of order.nack) {
    const entry = find(ackId);
    if (typeof entry === 'string') {
      outcomes.push({ ackId, action: 'nack', status: entry });
    } else if (maxAttempts > 0 && entry.attempt >= maxAttempts) {
      outcomes.push({ ackId, action: 'nack', status: 'dead' });
      done.push(around.bury(entry));
    } else {
      outcomes.push({ ackId, action: 'nack', status: 'nacked' });
      state.again(entry.position);
      around.again(entry);
      nacked.push(entry.position);
    }
  }
  if (nacked.length > 0) done.push(around.record(['nacked', nacked]));

  for (const { ackId, visibility } of order.extend) {
    const entry = find(ackId);
    if (typeof entry === 'string') {
      outcomes.push({ ackId, action: 'extend', status: entry });
      continue;
    }
    const ms = (visibility ?? state.settings.visibility) * 1000;
    around.extend(entry, ms);
    extended.push([entry.position, now + ms + around.slackMs]);
    outcomes.push({ ackId, action: 'extend', status: 'extended', visibleAt: now + ms });
  }
  if (extended.length > 0) done.push(around.record(['extended', extended]));
  return { outcomes, done };
}
