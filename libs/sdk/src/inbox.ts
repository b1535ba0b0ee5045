import type { Answer } from './chain.js';
import type { Channel, ChannelEvents } from './channel.js';
import type { Message, MessageHandler, SubscribeOptions } from './types.js';

/** The client's own inbox, whatever its token calls it. No channel of this name exists on the wire. */
export const INBOX = 'inbox:';

/** How a poll asks for channels of which one may be the inbox. */
export function subscriptionOf(channels: readonly string[]): object {
  const named = channels.filter((channel) => channel !== INBOX);
  return named.length === channels.length ? { channels } : { channels: named, inbox: true };
}

const originals = new WeakMap<Message, Message>();

/** The same answer, with what is of the inbox under the one name that this side has for it. */
export function inboxed(answer: Answer, channels: readonly string[]): Answer {
  if (!channels.includes(INBOX)) return answer;
  const messages = answer.messages.map((message) => {
    if (!message.channel.startsWith(INBOX)) return message;
    const mine = { ...message, channel: INBOX };
    originals.set(mine, message);
    return mine;
  });
  const proofs = Object.entries(answer.channels).map(
    ([channel, proof]) => [channel.startsWith(INBOX) ? INBOX : channel, proof] as const,
  );
  return { ...answer, messages, channels: Object.fromEntries(proofs) };
}

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
    return this.#channel.subscribe(
      (message) => handler((originals.get(message) ?? message) as Message<T>),
      options,
    );
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
