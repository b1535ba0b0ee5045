import type { ChannelHost } from './channel.js';
import type { Events } from './events.js';
import type { ChannelEvents } from './channel.js';
import { PROMPT_MS } from './reader.js';
import { send } from './send.js';
import type {
  Message,
  MessageHandler,
  Published,
  PublishOptions,
  SubscribeOptions,
} from './types.js';

export interface LinkSettings {
  /** Whose tokens alone may use the end (keys always may); left out: whoever has the right. */
  readonly a?: { readonly clientId?: string };
  readonly b?: { readonly clientId?: string };
}

/** A private line: what one end sends, the other receives. Made by `holdline.link(name)`. */
export class Link {
  readonly name: string;
  readonly #host: ChannelHost;
  readonly #path: string;
  readonly #eventsOf: (channel: string) => Events<ChannelEvents>;

  /** @internal */
  constructor(
    name: string,
    host: ChannelHost,
    eventsOf: (channel: string) => Events<ChannelEvents>,
  ) {
    this.name = name;
    this.#host = host;
    this.#path = `/v1/links/${encodeURIComponent(name)}`;
    this.#eventsOf = eventsOf;
  }

  /** Makes the link; harmless when it is there. Needs an API key. @throws HoldlineError */
  async create(settings: LinkSettings = {}): Promise<void> {
    await this.#ask('PUT', settings);
  }

  /** Removes it, with what its ends have not read. Needs an API key. @throws HoldlineError `not_found` */
  async remove(): Promise<void> {
    await this.#ask('DELETE');
  }

  /** One of its two ends: what it sends, the other end receives. */
  end<T = unknown>(end: 'a' | 'b'): LinkEnd<T> {
    const channel = `link:${this.name}:${end}`;
    return new LinkEnd(
      channel,
      `${this.#path}/${end}/messages`,
      this.#host,
      this.#eventsOf(channel),
    );
  }

  async #ask(method: 'PUT' | 'DELETE', body?: object): Promise<void> {
    const { session, retryMs, closing } = this.#host;
    const order = { method, path: this.#path, body, timeoutMs: PROMPT_MS };
    await session.persist(order, retryMs, closing);
  }
}

/** One end of a link. */
export class LinkEnd<T = unknown> {
  readonly #channel: string;
  readonly #path: string;
  readonly #host: ChannelHost;
  readonly #events: Events<ChannelEvents>;

  /** @internal */
  constructor(channel: string, path: string, host: ChannelHost, events: Events<ChannelEvents>) {
    this.#channel = channel;
    this.#path = path;
    this.#host = host;
    this.#events = events;
  }

  /** Resolves when the message is stored for the other end; tried again like a publish. @throws HoldlineError */
  async send(data: T, options: PublishOptions = {}): Promise<Pick<Published, 'id' | 'position'>> {
    return (await send(this.#host, this.#path, data, options)) as Published;
  }

  /**
   * What the other end sends, by a held request of its own, each message once. With `from: 'start'` also
   * what came while nobody was there. @returns ends it. @throws HoldlineError `closed`
   */
  subscribe(handler: MessageHandler<T>, options: Pick<SubscribeOptions, 'from'> = {}): () => void {
    const hand = (message: Message): void | Promise<void> => handler(message as Message<T>);
    return this.#host.receivers.subscribeUrl(this.#path, this.#channel, hand, options);
  }

  /** Resolves when nothing sent from now on can be missed. @throws HoldlineError when it will not. */
  ready(): Promise<void> {
    return this.#host.receivers.ready(this.#channel);
  }

  /** @returns stops listening. */
  on<K extends 'gap' | 'error'>(event: K, listener: (value: ChannelEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }
}
