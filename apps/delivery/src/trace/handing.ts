import type { TraceOutcome, TraceReceiver } from '#contracts';

type Receiver = Pick<
  TraceReceiver,
  'kind' | 'transport' | 'clientId' | 'keyId' | 'group' | 'attempt'
>;

/** One receiver and one answer of it, as far as one channel goes. */
export class Handing {
  outcome: TraceOutcome = 'handed';
  /** Milliseconds since 1970. */
  outcomeAt: number;

  constructor(
    readonly receiver: Receiver,
    readonly at: number,
    /** It covers the positions (`from`, `to`]. */
    readonly from: number,
    readonly to: number,
    /** Those that were handed over. */
    readonly positions: readonly number[],
    /** What the receiver asks on from, or acks it by. */
    readonly token: string,
  ) {
    this.outcomeAt = at;
  }

  /** Later news of it; what was confirmed stays so. */
  become(outcome: TraceOutcome, at: number): void {
    const isOpen = this.outcome === 'handed' || this.outcome === 'written';
    const isNews = outcome !== 'written' || this.outcome === 'handed';
    if (!isOpen || !isNews) return;
    this.outcome = outcome;
    this.outcomeAt = at;
  }

  /** null: it has nothing to do with the message. */
  outcomeOf(position: number): TraceOutcome | null {
    if (position <= this.from || position > this.to) return null;
    return this.positions.includes(position) ? this.outcome : 'filtered';
  }
}
