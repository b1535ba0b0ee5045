import { Encryption } from './encryption.js';
import type { EncryptionOptions, Undecryptable } from './encryption.js';
import { HoldlineError } from './errors.js';
import type { Clock } from './clock.js';
import type { Events } from './events.js';
import { Group } from './group.js';
import { readHistory } from './history.js';
import type { PresenceLine } from './presence-line.js';
import { Presence } from './presence.js';
import type { Publisher } from './publisher.js';
import { sendReply, sendRequest } from './requests.js';
import type { Receivers } from './receivers.js';
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
  /** A message of an encrypted channel that was not handed on; reading goes on. */
  undecryptable: Undecryptable;
}

export interface RequestOptions extends Omit<PublishOptions, 'ifPosition'> {
  /** Seconds to wait for the reply, up to 300. */
  readonly wait?: number;
}

export type ReplyOptions = Omit<PublishOptions, 'ifPosition' | 'ttl'>;

export interface ChannelOptions {
  /** Encrypts this channel's data end to end. Given again it replaces the keys, as for a rotation. */
  readonly encryption?: EncryptionOptions;
}

/** What a channel needs of its client. */
export interface ChannelHost {
  readonly session: Session;
  readonly publisher: Publisher;
  readonly receivers: Receivers;
  readonly presence: PresenceLine;
  /** Seconds a request is held. */
  readonly hold: number;
  readonly retryMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly closing: AbortSignal;
}

/** A channel by name; it exists as soon as it is used. Made by `holdline.channel(name)`. */
export class Channel<T = unknown> {
  readonly name: string;
  readonly #host: ChannelHost;
  readonly #events: Events<ChannelEvents>;
  #presence: Presence | null = null;
  #encryption: Encryption | null = null;
  /** Encrypting takes time: what was called first is still sent first. */
  #sealing: Promise<unknown> = Promise.resolve();
  readonly #opened = new WeakMap<Message, Promise<Message | null>>();

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
    const [published] = await this.#publish([{ ...options, data }], false);
    return published as Published;
  }

  /** Publishes up to 1000 messages in order, all or nothing. @throws HoldlineError as `publish`. */
  publishAll(messages: readonly OutgoingMessage[]): Promise<Published[]> {
    return this.#publish(messages, true);
  }

  /**
   * Calls the handler with each message once, in the channel's order. The next message waits for a
   * promise that the handler returns; what it throws is reported and stops nothing.
   * @returns ends it.
   * @throws HoldlineError `closed`, or `invalid_use` with more than 500 channels on one client.
   */
  subscribe(handler: MessageHandler<T>, options: SubscribeOptions = {}): () => void {
    const open = async (message: Message): Promise<void> => {
      const opened = await this.#open(message);
      if (opened) await handler(opened as Message<T>);
    };
    const hand: MessageHandler = (message) =>
      this.#encryption ? open(message) : handler(message as Message<T>);
    return this.#host.receivers.subscribe(this.name, hand, options);
  }

  /**
   * Resolves when the subscribers of this channel have reached its end and nothing published from now
   * on can be missed. @throws HoldlineError when that will not happen.
   */
  ready(): Promise<void> {
    return this.#host.receivers.ready(this.name);
  }

  /** What is kept of the channel, for `for await`. @throws HoldlineError while it is read. */
  async *history(options: HistoryOptions = {}): AsyncGenerator<Message<T>, void, undefined> {
    const { session, retryMs, closing } = this.#host;
    for await (const message of readHistory<T>(session, this.name, options, retryMs, closing)) {
      const opened = this.#encryption ? await this.#open(message) : message;
      if (opened) yield opened as Message<T>;
    }
  }

  /** Competing consumers: each message goes to one member of the group. */
  group(name: string): Group<T> {
    return new Group<T>(this.name, name, this.#host, (message) =>
      this.#encryption ? this.#open(message) : Promise.resolve(message),
    );
  }

  /** Who is here. */
  get presence(): Presence {
    return (this.#presence ??= new Presence(this.name, this.#host));
  }

  /**
   * Publishes a message and waits for a subscriber's reply, for `wait` seconds (55).
   * @throws HoldlineError `no_reply` when there is none in time.
   */
  async request<R = unknown>(data: T, options: RequestOptions = {}): Promise<Message<R>> {
    const { wait, ...rest } = options;
    const message = await this.#seal({ ...rest, data });
    const reply = await sendRequest(this.#host, this.name, message, wait);
    const opened = this.#encryption ? await this.#open(reply) : reply;
    if (!opened) throw new HoldlineError('undecryptable', 'The reply cannot be decrypted.');
    return opened as Message<R>;
  }

  /**
   * Replies to a message that somebody waits for; the first reply counts.
   * @throws HoldlineError `not_found` when nobody waits any more, `conflict` when somebody was first.
   */
  async reply(to: Message, data: unknown, options: ReplyOptions = {}): Promise<void> {
    await sendReply(this.#host, to, await this.#seal({ ...options, data }));
  }

  /** @returns stops listening. */
  on<K extends keyof ChannelEvents>(
    event: K,
    listener: (value: ChannelEvents[K]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** @internal */
  encrypt(options: EncryptionOptions): void {
    this.#encryption = new Encryption(this.name, options);
  }

  async #publish(messages: readonly OutgoingMessage[], together: boolean): Promise<Published[]> {
    const { publisher } = this.#host;
    const encryption = this.#encryption;
    if (!encryption) return publisher.publish(this.name, messages, together);
    const sealing = this.#sealing.then(() =>
      Promise.all(messages.map((message) => encryption.seal(message))),
    );
    this.#sealing = sealing.catch(() => undefined);
    return publisher.publish(this.name, await sealing, together);
  }

  #seal(message: OutgoingMessage): OutgoingMessage | Promise<OutgoingMessage> {
    return this.#encryption ? this.#encryption.seal(message) : message;
  }

  /** null: it cannot be handed on, and those who listen were told. Once for all subscribers. */
  #open(message: Message): Promise<Message | null> {
    let opened = this.#opened.get(message);
    if (!opened) this.#opened.set(message, (opened = this.#decrypt(message)));
    return opened;
  }

  async #decrypt(message: Message): Promise<Message | null> {
    const opened = (await this.#encryption?.open(message)) ?? message;
    if (typeof opened !== 'string') return opened;
    if (!this.#events.emit('undecryptable', { message, reason: opened })) {
      const what = `Message ${message.id} of ${this.name} cannot be decrypted (${opened}).`;
      this.#host.receivers.error(new HoldlineError('undecryptable', what));
    }
    return null;
  }
}
