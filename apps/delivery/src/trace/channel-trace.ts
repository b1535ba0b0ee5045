import { TRACE_LIMIT, type TraceOutcome, type TraceReceiver } from '#contracts';
import type { Handing } from './handing.js';

/** Positions over all handings. */
const POSITIONS = 20_000;
/** Receivers that left, the newest. */
const LEFT = 100;
/** Milliseconds: who left at most so long before a message was stored is told of. */
const SHORTLY_MS = 60_000;

type Told = Omit<TraceReceiver, 'node' | 'at' | 'outcomeAt'> & { at: number; outcomeAt: number };

/** Who left, while nothing was on its way to them. */
interface Departure {
  readonly receiver: Handing['receiver'];
  readonly at: number;
}

/** What is noted of one channel while it is traced: the newest handings, a bounded number of them. */
export class ChannelTrace {
  private handings: Handing[] = [];
  private departures: Departure[] = [];
  private positions = 0;
  /** The highest position of a handing that is no longer kept. */
  private forgottenTo = 0;
  /**
   * The channel's last position when the trace had begun: who was handed messages up to it is not known.
   * A time would not tell two messages of one millisecond apart.
   */
  blindTo = Infinity;

  constructor(
    readonly app: string,
    readonly tenant: string,
    readonly channel: string,
    /** Milliseconds since 1970. */
    readonly since: number,
    public until: number,
  ) {}

  add(handing: Handing): void {
    this.handings.push(handing);
    this.positions += handing.positions.length;
    let first = 0;
    while (
      this.handings.length - first > TRACE_LIMIT.handings ||
      (this.positions > POSITIONS && first < this.handings.length - 1)
    ) {
      const gone = this.handings[first++] as Handing;
      this.positions -= gone.positions.length;
      this.forgottenTo = Math.max(this.forgottenTo, gone.to);
    }
    if (first > 0) this.handings = this.handings.slice(first);
  }

  left(receiver: Handing['receiver'], at: number): void {
    this.departures.push({ receiver, at });
    if (this.departures.length > LEFT) this.departures.shift();
  }

  /** The receiver asked on: of those that look alike, the one that has waited longest. */
  confirm(keyId: string, clientId: string | null, token: string, at: number): void {
    const handing = this.handings.find(
      ({ receiver, outcome, token: of }) =>
        of === token &&
        (outcome === 'handed' || outcome === 'written') &&
        receiver.keyId === keyId &&
        receiver.clientId === clientId,
    );
    handing?.become('confirmed', at);
  }

  settle(ackId: string, outcome: TraceOutcome, at: number): void {
    this.handings.find(({ token }) => token === ackId)?.become(outcome, at);
  }

  /** Who has to do with a message, in the order of the times. */
  receiversOf(position: number, storedAt: number): Told[] {
    const told = this.handings.flatMap((handing): Told[] => {
      const outcome = handing.outcomeOf(position);
      const { receiver, at, outcomeAt } = handing;
      return outcome === null ? [] : [{ ...receiver, at, outcome, outcomeAt }];
    });
    const wasHanded = (one: Departure['receiver']) =>
      told.some(({ keyId, clientId }) => keyId === one.keyId && clientId === one.clientId);
    const gone = this.departures.flatMap(({ receiver, at }): Told[] =>
      at > storedAt || at < storedAt - SHORTLY_MS || wasHanded(receiver)
        ? []
        : [{ ...receiver, at, outcome: 'gone', outcomeAt: at }],
    );
    return [...gone, ...told].sort((a, b) => a.at - b.at);
  }

  /** Nobody who was handed the message is missing. */
  isCompleteFor(position: number): boolean {
    return this.blindTo < position && this.forgottenTo < position;
  }
}
