import { LIMIT } from '../../contracts/src/limits.js';
import type { ChannelHost } from './channel.js';
import { Consumer } from './consumer.js';
import type { GroupHandler, OpenMessage } from './consumer.js';
import { HoldlineError } from './errors.js';
import { PROMPT_MS } from './reader.js';

const VISIBILITY_SECONDS = 30;

export interface GroupSettings {
  /** Where a new group begins: `now` (default), `start`, `-N`, or an RFC 3339 time. */
  readonly from?: string;
  /** Seconds a member has before its message comes again; default 30. */
  readonly visibility?: number;
  /** Times a message is handed out before it is a dead letter; default 5, 0: no limit. */
  readonly maxAttempts?: number;
}

export interface ConsumeOptions {
  /** Messages handled at the same time; default 1. */
  readonly concurrency?: number;
  /** Seconds until a message comes again when this process dies; default 30. Renewed while handled. */
  readonly visibility?: number;
}

/** Competing consumers of a channel. Made by `channel.group(name)`. */
export class Group<T = unknown> {
  readonly name: string;
  readonly #host: ChannelHost;
  readonly #open: OpenMessage;
  readonly #path: string;
  readonly #channel: string;

  /** @internal */
  constructor(channel: string, name: string, host: ChannelHost, open: OpenMessage) {
    this.name = name;
    this.#channel = channel;
    this.#host = host;
    this.#open = open;
    this.#path = `/v1/channels/${encodeURIComponent(channel)}/groups/${encodeURIComponent(name)}`;
  }

  /** Makes the group, or changes its settings; harmless when it is there. Needs an API key. @throws HoldlineError */
  async create(settings: GroupSettings = {}): Promise<void> {
    const { session, retryMs, closing } = this.#host;
    const order = {
      method: 'PUT',
      path: this.#path,
      body: settings,
      timeoutMs: PROMPT_MS,
    } as const;
    await session.persist(order, retryMs, closing);
  }

  /**
   * Hands each message to one member of the group. Acked when the handler is done, handed out again
   * when it throws; a message whose member died comes again, so a handler may see one twice.
   * @returns ends it: resolves when what is being handled is done and acked.
   * @throws HoldlineError `invalid_use`
   */
  consume(handler: GroupHandler<T>, options: ConsumeOptions = {}): () => Promise<void> {
    const { concurrency = 1, visibility = VISIBILITY_SECONDS } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > LIMIT.answerMessages) {
      throw new HoldlineError('invalid_use', '`concurrency` is a whole number from 1 to 1000.');
    }
    const consumer = new Consumer({
      host: this.#host,
      open: this.#open,
      channel: this.#channel,
      path: this.#path,
      handler: handler as GroupHandler,
      concurrency,
      visibility,
    });
    return () => consumer.stop();
  }
}
