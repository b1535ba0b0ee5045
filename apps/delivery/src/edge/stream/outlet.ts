import type { Clock } from '#mediator';

/** What carries a stream's bytes to its client: an HTTP answer, a WebSocket. */
export interface Carrier {
  /** Calls back when the chunk has left this process, or with why it never will. `isLast`: it ends its frame. */
  write(chunk: Buffer, isLast: boolean, taken: (fault?: Error | null) => void): void;
  /** Ends the connection at once, without a word. */
  cut(): void;
}

/** A larger frame goes out in pieces, so that a slow client's progress can be seen inside it. */
const CHUNK_BYTES = 64 * 1024;
/** Bytes handed to the carrier and not yet taken. */
const WINDOW_BYTES = 2 * CHUNK_BYTES;
/** Unsent bytes above which a stream asks for no more: the log keeps the rest. */
export const LOW_MARK_BYTES = 64 * 1024;
/** A client that takes nothing for so long is cut; its last cursor resumes. */
export const STUCK_MS = 30_000;

/**
 * The way out of one connection. What is unsent is bounded by its writers: they ask `isFull` before they
 * fetch anything, and are told by `onRoom` when to go on.
 */
export class Outlet {
  /** Bytes that the client has not taken. */
  unsent = 0;
  private readonly queue: { readonly bytes: Buffer; readonly taken: (() => void) | undefined }[] =
    [];
  /** Of the queue's first frame, bytes that went to the carrier. */
  private begun = 0;
  private inFlight = 0;
  private progressAt = 0;
  private wasFull = false;
  private whenEmpty: (() => void) | null = null;

  constructor(
    private readonly carrier: Carrier,
    private readonly clock: Clock,
    private readonly onRoom: () => void,
  ) {}

  get isFull(): boolean {
    if (this.unsent <= LOW_MARK_BYTES) return false;
    this.wasFull = true;
    return true;
  }

  /**
   * One frame. The bytes may be shared: nobody writes into them.
   * @param taken is called when all of it has left this process; never, when the connection ends before.
   */
  write(frame: Buffer, taken?: () => void): void {
    if (frame.length === 0) return;
    if (this.unsent === 0) this.progressAt = this.clock.monotonic();
    this.unsent += frame.length;
    if (this.queue.length === 0 && this.inFlight === 0 && frame.length <= CHUNK_BYTES) {
      this.hand(frame, true, taken);
    } else {
      this.queue.push({ bytes: frame, taken });
      this.pump();
    }
  }

  /** Calls back, once, when everything written so far is with the client's side. */
  finish(done: () => void): void {
    if (this.unsent === 0) done();
    else this.whenEmpty = done;
  }

  /** True when the client has taken nothing for too long. */
  isStuck(): boolean {
    return this.unsent > 0 && this.clock.monotonic() - this.progressAt > STUCK_MS;
  }

  private pump(): void {
    while (this.inFlight < WINDOW_BYTES) {
      const next = this.queue[0];
      if (!next) return;
      const { bytes: frame, taken } = next;
      const end = Math.min(frame.length, this.begun + CHUNK_BYTES);
      const chunk = frame.length <= CHUNK_BYTES ? frame : frame.subarray(this.begun, end);
      const isLast = end === frame.length;
      this.begun = isLast ? 0 : end;
      if (isLast) this.queue.shift();
      this.hand(chunk, isLast, isLast ? taken : undefined);
    }
  }

  private hand(chunk: Buffer, isLast: boolean, taken: (() => void) | undefined): void {
    this.inFlight += chunk.length;
    this.carrier.write(chunk, isLast, (fault) => {
      if (!fault) taken?.();
      this.inFlight -= chunk.length;
      this.unsent -= chunk.length;
      this.progressAt = this.clock.monotonic();
      this.pump();
      if (this.wasFull && this.unsent <= LOW_MARK_BYTES) {
        this.wasFull = false;
        this.onRoom();
      }
      if (this.unsent === 0 && this.whenEmpty) {
        const done = this.whenEmpty;
        this.whenEmpty = null;
        done();
      }
    });
  }
}
