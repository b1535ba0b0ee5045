import { examine } from './chain.js';
import type { Answer, Place } from './chain.js';
import { HoldlineError } from './errors.js';
import type { Session } from './session.js';
import type { Source } from './source.js';
import type { Gap, Message, MessageHandler } from './types.js';

/** Messages asked for at once while catching up. */
const CATCH_UP_LIMIT = 500;
/** A request that holds nothing is answered at once or not at all. */
export const PROMPT_MS = 15_000;
const FOREVER = Number.POSITIVE_INFINITY;

/** Where a reader's news goes: the receiver that it belongs to. */
export interface ReaderHost {
  readonly session: Session;
  readonly source: Source;
  gap(gap: Gap): void;
  error(error: unknown): void;
}

/**
 * One `subscribe()`. Without `from` it begins with the page's held request. With `from` it first reads
 * on its own, by a cursor of its own, and joins the held request where that one begins: `joining`
 * until it has read up to there, so that nothing is missed and, by position, nothing comes twice.
 */
export class Reader {
  phase: 'catching-up' | 'joining' | 'live' | 'ended';
  /** Ends what the reader is asking for. */
  readonly #abort = new AbortController();
  readonly #channel: string;
  readonly #handler: MessageHandler;
  readonly #host: ReaderHost;
  readonly #from: string | null;
  #cursor: string | null = null;
  #place: Place | null = null;

  constructor(channel: string, handler: MessageHandler, from: string | null, host: ReaderHost) {
    this.#channel = channel;
    this.#handler = handler;
    this.#from = from;
    this.#host = host;
    this.phase = from === null ? 'joining' : 'catching-up';
  }

  end(): void {
    this.phase = 'ended';
    this.#abort.abort(new HoldlineError('closed', 'The subscription ended.'));
  }

  /** Reads from `from` to about the channel's end. @throws HoldlineError when that cannot work. */
  async catchUp(): Promise<void> {
    while (this.phase === 'catching-up') {
      const { count, isEnd } = await this.#readOn();
      // Where the server leaves messages out, a short answer is not the last one.
      const isNear = isEnd || (count > 0 && count < CATCH_UP_LIMIT);
      if (isNear && this.phase === 'catching-up') this.phase = 'joining';
    }
  }

  /**
   * Goes live where the held request covers the channel from `start` on. Reads what lies between
   * first: an empty answer, or one that reaches `start`, proves that nothing does any more.
   */
  async join(start: Place): Promise<void> {
    if (this.#from !== null) {
      let isEnd = false;
      while (this.phase === 'joining' && !isEnd && !this.#reaches(start)) {
        ({ isEnd } = await this.#readOn());
      }
    }
    if (this.phase === 'joining') this.phase = 'live';
  }

  /** Runs the handler, unless this reader had the message already. Waits for a promise it returns. */
  async hand(message: Message, epoch: string): Promise<void> {
    if (this.phase === 'ended') return;
    const place = this.#place;
    if (place !== null && place.epoch === epoch && message.position <= place.covered) return;
    this.#place = { epoch, covered: message.position };
    try {
      await this.#handler(message);
    } catch (error) {
      this.#host.error(error);
    }
  }

  /** Forgets how far it was: the log is another one. */
  beginAnew(): void {
    this.#place = null;
  }

  #reaches(start: Place): boolean {
    return this.#place?.epoch === start.epoch && this.#place.covered >= start.covered;
  }

  async #readOn(): Promise<{ count: number; isEnd: boolean }> {
    let answer = await this.#ask();
    let verdict = this.#examine(answer);
    if (verdict.fault) {
      answer = await this.#ask();
      verdict = this.#examine(answer);
    }
    if (verdict.gap) this.#host.gap(verdict.gap);
    if (verdict.fault) this.#host.gap(verdict.fault);
    for (const message of verdict.fresh) await this.hand(message, verdict.place?.epoch ?? '');
    if (verdict.place) this.#place = verdict.place;
    const hasMoved = this.#cursor !== answer.cursor;
    this.#cursor = answer.cursor;
    const count = answer.messages.length;
    return { count, isEnd: count === 0 && (answer.timedOut || !hasMoved) };
  }

  #examine(answer: Answer): ReturnType<typeof examine> {
    const proof = answer.channels[this.#channel];
    return examine(this.#channel, answer.messages, proof, this.#place);
  }

  async #ask(): Promise<Answer> {
    const { session, source } = this.#host;
    const channels = [this.#channel];
    const asked = { cursor: this.#cursor, from: this.#from, wait: 0, limit: CATCH_UP_LIMIT };
    const order = { ...source.held(channels, asked), timeoutMs: PROMPT_MS };
    const answer = await session.persist(order, FOREVER, this.#abort.signal);
    return source.named(asAnswer(answer), channels);
  }
}

/** @throws HoldlineError `bad_answer` when it is JSON, but not an answer to a receive. */
export function asAnswer(value: unknown): Answer {
  const answer = value as Partial<Answer> | null;
  if (
    answer === null ||
    typeof answer !== 'object' ||
    !Array.isArray(answer.messages) ||
    typeof answer.cursor !== 'string'
  ) {
    throw new HoldlineError('bad_answer', 'The answer has no messages and cursor.', {
      retryable: true,
    });
  }
  const { messages, cursor, timedOut = messages.length === 0, channels = {} } = answer;
  return { messages, cursor, timedOut, channels };
}
