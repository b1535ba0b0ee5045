import { askOn } from './ask-on.js';
import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { PROMPT_MS } from './reader.js';
import { SILENCE_MARGIN_MS } from './receiver.js';
import type { Gap, Message } from './types.js';

/** A message as a member of a group gets it. */
export interface GroupMessage<T = unknown> extends Message<T> {
  readonly ackId: string;
  /** 1 for the first time. */
  readonly attempt: number;
}

export type GroupHandler<T = unknown> = (message: GroupMessage<T>) => void | Promise<void>;
/** Decrypts, where the channel is encrypted; null: it cannot be handed on. */
export type OpenMessage = (message: Message) => Promise<Message | null>;

export interface ConsumerOptions {
  readonly host: ChannelHost;
  readonly open: OpenMessage;
  readonly channel: string;
  /** The group's. */
  readonly path: string;
  readonly handler: GroupHandler;
  readonly concurrency: number;
  /** Seconds. */
  readonly visibility: number;
}

interface GroupAnswer {
  readonly messages: readonly GroupMessage[];
  readonly lost: { readonly reason: Gap['reason']; readonly count?: number } | null;
}

/** One member of a group: asks for as much as it has room for, and says what became of each message. */
export class Consumer {
  readonly #o: ConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #handling = 0;
  #roomMade: () => void = () => undefined;
  #due: Record<'ack' | 'nack' | 'extend', string[]> = { ack: [], nack: [], extend: [] };
  #telling: Promise<void> | null = null;

  constructor(options: ConsumerOptions) {
    this.#o = options;
    const { closing } = options.host;
    const stop = (): void => this.#stopping.abort();
    if (closing.aborted) stop();
    else closing.addEventListener('abort', stop, { once: true });
    this.#done = this.#run().finally(() => closing.removeEventListener('abort', stop));
  }

  /** Asks for no more; resolves when what is being handled is done and the server knows. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#roomMade();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { host, concurrency, channel } = this.#o;
    const { signal } = this.#stopping;
    const ask = async (): Promise<boolean> => {
      while (this.#handling >= concurrency && !signal.aborted) await this.#room();
      if (signal.aborted) return true;
      const answer = await this.#ask(concurrency - this.#handling);
      this.#take(answer);
      return answer.messages.length > 0;
    };
    await askOn(host, signal, ask, (error) => host.receivers.error(error, channel));
    while (this.#handling > 0) await this.#room();
    await this.#telling;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => (this.#roomMade = resolve));
  }

  async #ask(limit: number): Promise<GroupAnswer> {
    const { host, path, visibility } = this.#o;
    const { hold } = host;
    const query = `wait=${hold}&limit=${limit}&visibility=${visibility}`;
    const answer = (await host.session.request({
      method: 'GET',
      path: `${path}/messages?${query}`,
      timeoutMs: hold * 1000 + SILENCE_MARGIN_MS,
      signal: this.#stopping.signal,
    })) as Partial<GroupAnswer> | null;
    if (!Array.isArray(answer?.messages)) {
      throw new HoldlineError('bad_answer', 'The answer has no messages.', { retryable: true });
    }
    return { messages: answer.messages as GroupMessage[], lost: answer.lost ?? null };
  }

  #take({ messages, lost }: GroupAnswer): void {
    const { host, channel } = this.#o;
    if (lost) host.receivers.gap({ channel, ...lost });
    for (const message of messages) {
      this.#handling++;
      void this.#handle(message).finally(() => {
        this.#handling--;
        this.#roomMade();
      });
    }
  }

  async #handle(message: GroupMessage): Promise<void> {
    const { host, handler, open, visibility } = this.#o;
    let cancel = (): void => undefined;
    // Long work keeps its message: at half of its time it gets the whole anew.
    const extend = (): void => {
      cancel = host.clock.after(visibility * 500, () => {
        this.#tell('extend', message.ackId);
        extend();
      });
    };
    extend();
    try {
      const opened = await open(message);
      if (opened) await handler(opened as GroupMessage);
      this.#tell(opened ? 'ack' : 'nack', message.ackId);
    } catch (error) {
      host.receivers.error(error);
      this.#tell('nack', message.ackId);
    } finally {
      cancel();
    }
  }

  #tell(what: 'ack' | 'nack' | 'extend', ackId: string): void {
    this.#due[what].push(ackId);
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
    });
  }

  /** One request at a time, with all that became known meanwhile. What fails comes again: at least once. */
  async #tellAll(): Promise<void> {
    const { host, path, visibility, channel } = this.#o;
    await Promise.resolve();
    for (;;) {
      const { ack, nack, extend } = this.#due;
      if (ack.length + nack.length + extend.length === 0) return;
      this.#due = { ack: [], nack: [], extend: [] };
      const body = { ack, nack, extend: extend.map((ackId) => ({ ackId, visibility })) };
      const order = { method: 'POST', path: `${path}/acks`, body, timeoutMs: PROMPT_MS } as const;
      try {
        await host.session.persist(order, host.retryMs, host.closing);
      } catch (error) {
        if (!host.closing.aborted) host.receivers.error(error, channel);
      }
    }
  }
}
