import type { From, Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Clock, Hold, Mediator, Receiver, ReceiveView, Subscription } from '#mediator';
import { viewUnder } from '../receive-view.js';
import type { StreamTable } from './stream-table.js';

/** A stream that has said nothing for so long says that it is alive. */
export const HEARTBEAT_MS = 15_000;
/** Waiting for the client for longer than this, what gets lost meanwhile is the client's own doing. */
const SLOW_MS = 1000;

/** Where a stream's answers go. None of its methods throws. */
export interface StreamSink {
  /** While true nothing more is asked for; `resume` is called when there is room. */
  readonly isFull: boolean;
  /**
   * There is no message, and this is where the stream is: at its beginning, and when that moves.
   * @param answer says what it moved past.
   */
  place(cursor: string, answer: Answer): void;
  /** @param isSlow the client was waited for, so that what is `lost` was lost by its slowness. */
  answer(answer: Answer, isSlow: boolean): void;
  heartbeat(): void;
  /** The last call. */
  end(problem: Problem): void;
}

export interface StreamRequest {
  /** Everybody whose credential it needs: it ends when one of them ends. */
  readonly principals: readonly Principal[];
  readonly subscriptions: readonly Subscription[];
  readonly cursor: string | null;
  readonly from: From;
  readonly limit: number;
  readonly view?: ReceiveView | undefined;
}

export interface StreamParts {
  readonly mediator: Mediator;
  readonly streams: StreamTable;
  readonly clock: Clock;
}

/**
 * Messages without end: one receive after the other, each with the cursor of the one before, so that
 * whatever a held request promises holds here too. While the client does not read, nothing is asked
 * for: the log keeps what it has not seen.
 */
export class MessageStream implements Receiver {
  /** Where it goes on; null until the first answer. */
  cursor: string | null;
  private hold: Hold | null = null;
  private state: 'starting' | 'resting' | 'asking' | 'ended' = 'resting';
  private isPlaced = false;
  private isRunning = false;
  private isAgain = false;
  private isPaused = false;
  private fullSince: number | null = null;
  /** The client was waited for before the answer that is now being waited for. */
  private wasSlow = false;
  private refusal: Problem | null = null;

  constructor(
    private readonly parts: StreamParts,
    private readonly request: StreamRequest,
    private readonly sink: StreamSink,
  ) {
    this.cursor = request.cursor;
  }

  /**
   * The first receive is not held: it tells where the stream begins, for a client that is cut before
   * the first message.
   * @throws Problem what a held request would be refused with; the sink was not called then.
   */
  start(): void {
    this.isRunning = true;
    this.ask();
    if (this.refusal) throw this.refusal;
    this.isRunning = false;
    if (this.isAgain) this.run();
  }

  /** There is room again. */
  resume(): void {
    // Not from inside the writer: a fast client that catches up would keep everybody else from their turn.
    if (this.fullSince !== null) this.later();
  }

  cancel(): void {
    this.state = 'ended';
    this.hold?.cancel();
    this.hold = null;
  }

  answer(answer: Answer): void {
    if (this.state !== 'asking') return;
    this.state = 'resting';
    this.hold = null;
    // Without a message it moves too, past what the reader's view leaves out.
    const hasMoved = !this.isPlaced || this.cursor !== answer.cursor;
    this.cursor = answer.cursor;
    this.isPlaced = true;
    if (!answer.timedOut) {
      const { wasSlow } = this;
      this.wasSlow = false;
      this.sink.answer(answer, wasSlow);
    } else if (hasMoved) this.sink.place(answer.cursor, answer);
    else this.sink.heartbeat();
    // A full answer means that more is there, and so does one of which a view left nothing: others have
    // their turn in between.
    const { messages, timedOut } = answer;
    if (messages >= this.request.limit || (messages === 0 && !timedOut)) this.later();
    else this.run();
  }

  refuse(problem: Problem): void {
    if (this.state !== 'asking') return;
    this.state = 'ended';
    this.hold = null;
    if (this.isRunning && !this.isPlaced) this.refusal = problem;
    else this.sink.end(problem);
  }

  /** Asks again and again while answers come from inside the call, without growing the stack. */
  private run(): void {
    this.isAgain = true;
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.isAgain) {
      this.isAgain = false;
      this.ask();
    }
    this.isRunning = false;
  }

  private later(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    setImmediate(() => {
      this.isPaused = false;
      this.run();
    });
  }

  private ask(): void {
    if (this.state !== 'resting' || this.isPaused) return;
    const { mediator, streams, clock } = this.parts;
    if (this.sink.isFull) {
      this.fullSince ??= clock.monotonic();
      return;
    }
    if (this.fullSince !== null) {
      this.wasSlow ||= clock.monotonic() - this.fullSince > SLOW_MS;
      this.fullSince = null;
    }
    const { principals, subscriptions, from, limit, view } = this.request;
    const fault = streams.faultOf(principals) ?? streams.spentOf(principals);
    this.state = 'asking';
    if (fault) {
      this.refuse(fault);
      return;
    }
    let waitMs = this.isPlaced ? HEARTBEAT_MS : 0;
    for (const { expiresAt } of principals) {
      if (expiresAt !== null) waitMs = Math.min(waitMs, expiresAt - clock.now());
    }
    const hold = mediator.receive(
      {
        subscriptions,
        cursor: this.cursor,
        from,
        waitMs,
        limit,
        view: viewUnder(streams.spendOf(principals), view),
      },
      this,
    );
    if (this.isAsking()) this.hold = hold;
  }

  /** The answer may have come from inside the call. */
  private isAsking(): boolean {
    return this.state === 'asking';
  }
}
