/**
 * The SDK's public shapes. They repeat the wire's on purpose: the declarations that customers get must
 * not need the server's schema library. `types.spec.ts` fails to compile when the two part ways.
 */

/** One message as a receiver gets it. */
export interface Message<T = unknown> {
  /** The app of the channel, where one receive reads those of several apps. */
  readonly app?: string;
  readonly channel: string;
  readonly id: string;
  /** Grows along a channel, not contiguous. */
  readonly position: number;
  /** Position of the message before it in its channel; 0: none. */
  readonly previous: number;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly name?: string;
  readonly data: T;
  /** `data` is base64 of bytes. */
  readonly encoding?: 'base64';
  readonly clientId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Somebody waits for a reply: `channel.reply(message, …)`. */
  readonly replyTo?: string;
  /** The reply address that this answers. */
  readonly inReplyTo?: string;
}

export interface PublishOptions {
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds after which the message is no longer handed out. */
  readonly ttl?: number;
  /** Idempotency key; generated when left out. The same id again stores nothing. */
  readonly id?: string;
  /** Publish only if the channel's last position is this; 0: only if it is empty. */
  readonly ifPosition?: number;
  /** Says that `data` is base64 of bytes. */
  readonly encoding?: 'base64';
}

export interface OutgoingMessage extends PublishOptions {
  readonly data: unknown;
}

export interface Published {
  readonly id: string;
  readonly position: number;
  readonly timestamp: string;
  /** The id was known: nothing was stored, id and position are those of the first time. */
  readonly duplicate?: true;
}

export interface SubscribeOptions {
  /**
   * Where to begin: `now` (default), `start` (the oldest kept), `-N` (the last N), or an RFC 3339 time.
   */
  readonly from?: string;
  /** Only some of the messages. The server leaves the others out. */
  readonly filter?: Filter;
  /** A header: of the messages with equal values of it only the newest of each answer comes. */
  readonly conflate?: string;
  /** Milliseconds, 5000 at most: gathers for so long after the first message. */
  readonly window?: number;
}

/** A message has to match one of the names and, of each header named, one of the values. */
export interface Filter {
  /** Each a name, or a beginning followed by `*`. */
  readonly names?: readonly string[];
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

/** What a reader asks the server to do with its messages. */
export type View = Pick<SubscribeOptions, 'filter' | 'conflate' | 'window'>;

export interface HistoryOptions {
  /** Only messages before this position. */
  readonly before?: number;
  /** Only messages after this position. */
  readonly after?: number;
  /** The most messages in all; left out: everything kept. */
  readonly limit?: number;
  /** Default: `newest` first. */
  readonly order?: 'newest' | 'oldest';
}

/** Messages that a subscriber will never see. */
export interface Gap {
  readonly channel: string;
  /**
   * `retention`: no longer kept. `epoch`: the log itself changed. `slow_consumer`: the reader fell too
   * far behind. `chain`: the server left some out without saying so, twice. `cursor`: the server no
   * longer accepts the cursor, so reading went on from now.
   */
  readonly reason: 'retention' | 'epoch' | 'slow_consumer' | 'chain' | 'cursor';
  /** How many, where the server can tell. */
  readonly count?: number;
  /** Position of the last message that was handed on before the gap, if there was one. */
  readonly after?: number;
}

export type MessageHandler<T = unknown> = (message: Message<T>) => void | Promise<void>;
