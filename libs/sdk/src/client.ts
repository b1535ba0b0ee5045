import { LIMIT } from '../../contracts/src/limits.js';
import { Channel } from './channel.js';
import type { ChannelEvents, ChannelHost, ChannelOptions } from './channel.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { HoldlineError, asHoldlineError } from './errors.js';
import { Events, report } from './events.js';
import { INBOX } from './inbox-name.js';
import { Inbox } from './inbox.js';
import { Link } from './link.js';
import { onReturn } from './page.js';
import { PathChoice } from './path-choice.js';
import type { TransportChange, TransportMode } from './path-choice.js';
import { Peer } from './peer.js';
import { PresenceLine } from './presence-line.js';
import { Publisher } from './publisher.js';
import type { State } from './receiver-options.js';
import { Receivers } from './receivers.js';
import { Session } from './session.js';
import type { Fetch } from './transport.js';

/** Seconds that a publish is tried again. */
const RETRY_SECONDS = 60;

export interface HoldlineOptions {
  /** Where Holdline is served. */
  readonly url: string;
  /** An API key: for servers. A page gets a token, or `authorize`. */
  readonly key?: string;
  /** A client token. */
  readonly token?: string;
  /** Gets a client token from your own server; called at the start and when a token expires. */
  readonly authorize?: () => Promise<string>;
  /** Where an earlier client got to (its `cursor`): channels subscribed at once go on from there. */
  readonly cursor?: string;
  /** Seconds a request is held, 1 to 300; default 55. */
  readonly hold?: number;
  /**
   * `hold` (default): held requests. `stream`: one request whose answer goes on, and held requests where
   * the path does not let that through. `auto`: held requests, and a stream once one has proved itself.
   */
  readonly transport?: TransportMode;
  /** Seconds a publish is tried again before it fails; default 60. */
  readonly retryFor?: number;
  readonly fetch?: Fetch;
  /** A number in [0, 1). */
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface HoldlineEvents {
  /** Where receiving stands; `waiting` and `closed` say why. */
  state: State;
  /** Messages come another way from now on, and why. */
  transport: TransportChange;
  /** What went wrong without ending a call of yours; handlers' own errors too. */
  error: unknown;
}

/** One client for a page or a process: one held request (or stream) for all of its channels. */
export class Holdline {
  readonly #events = new Events<HoldlineEvents>();
  readonly #channels = new Map<string, Channel>();
  readonly #eventsOf = new Map<string, Events<ChannelEvents>>();
  readonly #host: ChannelHost;
  readonly #closing = new AbortController();
  readonly #forgetPage: () => void;
  #inbox: Inbox | null = null;

  /** @throws HoldlineError `invalid_use` when the options make no sense together. */
  constructor(options: HoldlineOptions) {
    check(options);
    const clock = options.clock ?? systemClock;
    const random = options.random ?? Math.random;
    const retryMs = (options.retryFor ?? RETRY_SECONDS) * 1000;
    const session = new Session({
      url: options.url.replace(/\/+$/, ''),
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      clock,
      random,
      credential: options.token ?? options.key ?? null,
      authorize: options.authorize ?? null,
    });
    const hold = options.hold ?? LIMIT.holdDefaultSeconds;
    const receivers = new Receivers({
      session,
      path: new PathChoice(options.transport ?? 'hold', clock, (change) =>
        this.#events.emit('transport', change),
      ),
      clock,
      random,
      hold,
      cursor: options.cursor ?? null,
      onState: (state) => this.#events.emit('state', state),
      onGap: (gap) => this.#eventsOf.get(gap.channel)?.emit('gap', gap),
      onError: (error, channel) => this.#report(error, channel),
    });
    const publisher = new Publisher(session, retryMs);
    const closing = this.#closing.signal;
    const parts = { session, publisher, receivers, hold, retryMs, clock, random, closing };
    this.#host = { ...parts, presence: new PresenceLine(parts) };
    this.#forgetPage = onReturn(() => receivers.wake());
  }

  /**
   * The same name gives the same channel. A number is its decimal text: 42 is "42".
   * @throws HoldlineError `invalid_use` when the keys of its encryption make no sense.
   */
  channel<T = unknown>(name: string | number, options: ChannelOptions = {}): Channel<T> {
    const text = String(name);
    const channel =
      this.#channels.get(text) ?? new Channel(text, this.#host, this.#listenersOf(text));
    if (options.encryption) channel.encrypt(options.encryption);
    this.#channels.set(text, channel);
    return channel as Channel<T>;
  }

  /** What others send to this client alone. Needs a token with a client id. */
  get inbox(): Inbox {
    return (this.#inbox ??= new Inbox(this.channel(INBOX)));
  }

  /** Another client, by its id: for sending to it alone. */
  client(id: string): Peer {
    return new Peer(id, this.#host);
  }

  /** A private line between two, by its name. */
  link(name: string): Link {
    return new Link(name, this.#host, (channel) => this.#listenersOf(channel));
  }

  get state(): State {
    return this.#host.receivers.state;
  }

  /** What the handlers have seen, for going on after a reload; null before the first answer. */
  get cursor(): string | null {
    return this.#host.receivers.main.cursor;
  }

  /** @returns stops listening. */
  on<K extends keyof HoldlineEvents>(
    event: K,
    listener: (value: HoldlineEvents[K]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** Ends everything at once. A publish that was not yet acknowledged is rejected with `closed`. */
  close(): void {
    this.#forgetPage();
    this.#closing.abort(new HoldlineError('closed', 'The client was closed.'));
    this.#host.publisher.close();
    this.#host.receivers.close(null);
  }

  #listenersOf(channel: string): Events<ChannelEvents> {
    const events = this.#eventsOf.get(channel) ?? new Events<ChannelEvents>();
    this.#eventsOf.set(channel, events);
    return events;
  }

  #report(error: unknown, channel?: string): void {
    const events = channel === undefined ? undefined : this.#eventsOf.get(channel);
    const heardThere = events?.emit('error', asHoldlineError(error)) ?? false;
    if (!this.#events.emit('error', error) && !heardThere) report(error);
  }
}

function check(options: HoldlineOptions): void {
  const wrong = (what: string): never => {
    throw new HoldlineError('invalid_use', what);
  };
  if (typeof options?.url !== 'string' || !/^https?:\/\//.test(options.url)) {
    wrong('`url` has to be where Holdline is served, such as https://rt.example.com.');
  }
  if (
    options.key !== undefined &&
    (options.token !== undefined || options.authorize !== undefined)
  ) {
    wrong('A `key` goes without `token` and `authorize`.');
  }
  if ((options.key ?? options.token ?? options.authorize) === undefined) {
    wrong('One of `key`, `token` and `authorize` is needed.');
  }
  const { hold, transport } = options;
  if (transport !== undefined && !['hold', 'stream', 'auto'].includes(transport)) {
    wrong("`transport` is 'hold', 'stream' or 'auto'.");
  }
  if (
    hold !== undefined &&
    !(Number.isInteger(hold) && hold >= 1 && hold <= LIMIT.holdMaxSeconds)
  ) {
    wrong('`hold` is a whole number of seconds from 1 to 300.');
  }
}
