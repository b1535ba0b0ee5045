import type { Events } from './events.js';
import type { HoldlineError } from './errors.js';
import { readHistory } from './history.js';
import type { Publisher } from './publisher.js';
import type { Receiver } from './receiver.js';
import type { Session } from './session.js';
import type {
  Gap,
  HistoryOptions,
  Message,
  MessageHandler,
  OutgoingMessage,
  PublishOptions,
  Published,
  SubscribeOptions,
} from './types.js';

export interface ChannelEvents {
  /** Messages that this page's subscribers will never see. */
  gap: Gap;
  /** The channel is no longer read: `forbidden` names the missing capability. */
  error: HoldlineError;
}

/** What a channel needs of its client. */
export interface ChannelHost {
  readonly session: Session;
  readonly publisher: Publisher;
  readonly receiver: Receiver;
  readonly retryMs: number;
  readonly closing: AbortSignal;
}

/** A channel by name; it exists as soon as it is used. Made by `holdline.channel(name)`. */
export class Channel<T = unknown> {
  readonly name: string;
  readonly #host: ChannelHost;
  readonly #events: Events<ChannelEvents>;

  /** @internal */
  constructor(name: string, host: ChannelHost, events: Events<ChannelEvents>) {
    this.name = name;
    this.#host = host;
    this.#events = events;
  }

  /**
   * Publishes one message; resolves when it is stored for good. Tried again with the same id, for a
   * minute, while that can help. Calls on one channel are stored in the order they were made.
   * @throws HoldlineError; after `network` or `timeout` the message may be stored: publish again with
   *   the id in `error.ids` and nothing is doubled.
   */
  async publish(data: T, options: PublishOptions = {}): Promise<Published> {
    const [published] = await this.#host.publisher.publish(
      this.name,
      [{ ...options, data }],
      false,
    );
    return published as Published;
  }

  /** Publishes up to 1000 messages in order, all or nothing. @throws HoldlineError as `publish`. */
  publishAll(messages: readonly OutgoingMessage[]): Promise<Published[]> {
    return this.#host.publisher.publish(this.name, messages, true);
  }

  /**
   * Calls the handler with each message once, in the channel's order. The next message waits for a
   * promise that the handler returns; what it throws is reported and stops nothing.
   * @returns ends it.
   * @throws HoldlineError `closed`, or `invalid_use` with more than 500 channels on one client.
   */
  subscribe(handler: MessageHandler<T>, options: SubscribeOptions = {}): () => void {
    const { receiver } = this.#host;
    const from = options.from === undefined || options.from === 'now' ? null : options.from;
    const reader = receiver.add(this.name, handler as MessageHandler, from);
    return () => receiver.remove(this.name, reader);
  }

  /**
   * Resolves when the subscribers of this channel have reached its end and nothing published from now
   * on can be missed. @throws HoldlineError when that will not happen.
   */
  ready(): Promise<void> {
    return this.#host.receiver.ready(this.name);
  }

  /** What is kept of the channel, for `for await`. @throws HoldlineError while it is read. */
  history(options: HistoryOptions = {}): AsyncGenerator<Message<T>, void, undefined> {
    const { session, retryMs, closing } = this.#host;
    return readHistory<T>(session, this.name, options, retryMs, closing);
  }

  /** @returns stops listening. */
  on<K extends keyof ChannelEvents>(
    event: K,
    listener: (value: ChannelEvents[K]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }
}
