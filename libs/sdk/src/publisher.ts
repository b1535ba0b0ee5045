import { LIMIT } from '../../contracts/src/limits.js';
import { HoldlineError } from './errors.js';
import type { Session } from './session.js';
import type { OutgoingMessage, Published } from './types.js';

/** Milliseconds for one try: an answer means that the message is on disk. */
const TRY_MS = 15_000;
/** Characters of JSON in one merged request; the server takes a body of 8 MiB. */
const MERGED_CHARACTERS = 1_000_000;
/** Refusals of the messages themselves, where one bad message refuses those it was sent with. */
const OF_A_MESSAGE = new Set(['invalid_message', 'invalid_request', 'message_too_large']);

interface Waiting {
  readonly messages: readonly (OutgoingMessage & { readonly id: string })[];
  readonly characters: number;
  /** Sent with nothing else: all or nothing, or on a condition. */
  readonly alone: boolean;
  readonly resolve: (published: Published[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Publishes in the order of the calls: one request at a time for a channel, and what was called
 * meanwhile goes together in the next. Each message has an id before the first try, so every retry is
 * safe.
 */
export class Publisher {
  readonly #session: Session;
  readonly #retryMs: number;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #abort = new AbortController();

  constructor(session: Session, retryMs: number) {
    this.#session = session;
    this.#retryMs = retryMs;
  }

  /**
   * @throws HoldlineError; its `ids` are those of the messages, for publishing them again by hand.
   */
  publish(
    channel: string,
    outgoing: readonly OutgoingMessage[],
    allOrNothing: boolean,
  ): Promise<Published[]> {
    if (this.#abort.signal.aborted) {
      return Promise.reject(
        new HoldlineError('closed', 'This client is closed and publishes no more.'),
      );
    }
    if (outgoing.length === 0) return Promise.resolve([]);
    const messages = outgoing.map((message) => ({ ...message, id: message.id ?? newId() }));
    const alone = allOrNothing || messages.some(({ ifPosition }) => ifPosition !== undefined);
    const characters = JSON.stringify(messages).length;
    return new Promise((resolve, reject) => {
      const waiting = { messages, characters, alone, resolve, reject };
      const queue = this.#queues.get(channel);
      if (queue) {
        queue.push(waiting);
      } else {
        this.#queues.set(channel, [waiting]);
        void this.#drain(channel);
      }
    });
  }

  /** What is not yet acknowledged is rejected: it may be stored or not. */
  close(): void {
    this.#abort.abort(new HoldlineError('closed', 'The client was closed before the answer came.'));
  }

  async #drain(channel: string): Promise<void> {
    const queue = this.#queues.get(channel) ?? [];
    // Calls of the same tick go together.
    await Promise.resolve();
    while (queue.length > 0) await this.#send(channel, take(queue));
    this.#queues.delete(channel);
  }

  async #send(channel: string, batch: readonly Waiting[]): Promise<void> {
    const messages = batch.flatMap((waiting) => waiting.messages);
    try {
      const answer = (await this.#session.persist(
        {
          method: 'POST',
          path: `/v1/channels/${encodeURIComponent(channel)}/messages`,
          body: messages.length === 1 ? messages[0] : messages,
          timeoutMs: TRY_MS,
        },
        this.#retryMs,
        this.#abort.signal,
      )) as { messages?: Published[] };
      if (answer?.messages?.length !== messages.length) {
        throw new HoldlineError('bad_answer', 'The answer does not name the messages it is about.');
      }
      let next = 0;
      for (const waiting of batch) {
        waiting.resolve(answer.messages.slice(next, (next += waiting.messages.length)));
      }
    } catch (error) {
      if (batch.length > 1 && error instanceof HoldlineError && OF_A_MESSAGE.has(error.code)) {
        for (const waiting of batch) await this.#send(channel, [waiting]);
        return;
      }
      for (const { messages: own, reject } of batch) {
        reject(error instanceof HoldlineError ? error.about(own.map(({ id }) => id)) : error);
      }
    }
  }
}

/** As many from the front of the queue as may go together. */
function take(queue: Waiting[]): Waiting[] {
  let characters = 0;
  let count = 0;
  for (const waiting of queue) {
    const fits = characters + waiting.characters <= MERGED_CHARACTERS && count < LIMIT.publishBatch;
    if (count > 0 && (waiting.alone || !fits)) break;
    characters += waiting.characters;
    count++;
    if (waiting.alone) break;
  }
  return queue.splice(0, count);
}

/** 128 random bits. `crypto.randomUUID` is missing on pages served without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
