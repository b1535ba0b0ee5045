import type { Channel, ChannelEvents } from './channel.js';
import { original } from './inbox-name.js';
import type { Message, MessageHandler, SubscribeOptions } from './types.js';

/** What others send to this client alone: `holdline.inbox`. Needs a token with a client id. */
export class Inbox {
  readonly #channel: Channel;

  /** @internal */
  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /**
   * Like a channel's `subscribe`, over the same held request. With `from: 'start'` also what came while
   * nobody was there. @returns ends it.
   */
  subscribe<T = unknown>(handler: MessageHandler<T>, options: SubscribeOptions = {}): () => void {
    return this.#channel.subscribe((message) => handler(original(message) as Message<T>), options);
  }

  /** Resolves when nothing sent from now on can be missed. @throws HoldlineError when it will not. */
  ready(): Promise<void> {
    return this.#channel.ready();
  }

  /** @returns stops listening. */
  on<K extends 'gap' | 'error'>(event: K, listener: (value: ChannelEvents[K]) => void): () => void {
    return this.#channel.on(event, listener);
  }
}
