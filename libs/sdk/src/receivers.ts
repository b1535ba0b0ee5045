import type { HoldlineError } from './errors.js';
import { Receiver } from './receiver.js';
import type { ReceiverOptions, State } from './receiver-options.js';
import { channelsSource, urlSource } from './source.js';
import type { Source } from './source.js';
import type { Gap, MessageHandler, SubscribeOptions, View } from './types.js';

export type ReceiversOptions = Omit<ReceiverOptions, 'source' | 'isApart'>;

/** Whose word counts where receivers differ, most first. */
const STATES = ['waiting', 'connecting', 'live', 'idle'] as const;

/**
 * What a client receives by: one request for all of its channels; and one more for each view of them, as
 * the server reads a filter for the whole request, and for each URL that is not a channel's.
 */
export class Receivers {
  /** That of the channels as they are. */
  readonly main: Receiver;
  readonly #options: ReceiversOptions;
  readonly #apart = new Map<string, Receiver>();
  #state: State = { state: 'idle' };

  constructor(options: ReceiversOptions) {
    this.#options = options;
    this.main = this.#make(channelsSource(null), options.cursor, false);
  }

  get state(): State {
    return this.#state;
  }

  /** @returns ends it. @throws HoldlineError as `Receiver.add` */
  subscribe(channel: string, handler: MessageHandler, options: SubscribeOptions): () => void {
    const view = viewOf(options);
    if (view === null) return this.#add(null, this.main, channel, handler, options);
    const key = JSON.stringify(view);
    const receiver = this.#apart.get(key) ?? this.#make(channelsSource(view), null, true);
    return this.#add(key, receiver, channel, handler, options);
  }

  /** What one URL brings, under a name of its own. @returns ends it. @throws HoldlineError */
  subscribeUrl(
    path: string,
    name: string,
    handler: MessageHandler,
    options: Pick<SubscribeOptions, 'from'>,
  ): () => void {
    const receiver = this.#apart.get(path) ?? this.#make(urlSource(path), null, true);
    return this.#add(path, receiver, name, handler, options);
  }

  /** Resolves once nothing published to the channel from now on can be missed by its subscribers. */
  async ready(channel: string): Promise<void> {
    const all = [this.main, ...this.#apart.values()].filter((receiver) => receiver.has(channel));
    await (all.length === 0
      ? this.main.ready(channel)
      : Promise.all(all.map((receiver) => receiver.ready(channel))));
  }

  wake(): void {
    for (const receiver of [this.main, ...this.#apart.values()]) receiver.wake();
  }

  close(reason: HoldlineError | null): void {
    for (const receiver of [this.main, ...this.#apart.values()]) receiver.close(reason);
  }

  gap(gap: Gap): void {
    this.#options.onGap(gap);
  }

  /** @param channel set when only that channel is concerned. */
  error(error: unknown, channel?: string): void {
    this.#options.onError(error, channel);
  }

  #add(
    key: string | null,
    receiver: Receiver,
    channel: string,
    handler: MessageHandler,
    { from }: SubscribeOptions,
  ): () => void {
    const reader = receiver.add(
      channel,
      handler,
      from === undefined || from === 'now' ? null : from,
    );
    if (key !== null) this.#apart.set(key, receiver);
    return () => {
      receiver.remove(channel, reader);
      if (key === null || !receiver.isUnused || this.#apart.get(key) !== receiver) return;
      this.#apart.delete(key);
      receiver.close(null);
      this.#tell();
    };
  }

  #make(source: Source, cursor: string | null, isApart: boolean): Receiver {
    const receiver: Receiver = new Receiver({
      ...this.#options,
      source,
      cursor,
      isApart,
      onState: (state) => this.#changed(receiver, state),
    });
    if (this.#state.state === 'closed') receiver.close(null);
    return receiver;
  }

  #changed(receiver: Receiver, state: State): void {
    if (this.#state.state === 'closed') return;
    const all = new Set([this.main, ...this.#apart.values()]);
    if (!all.has(receiver)) return;
    if (state.state !== 'closed') return this.#tell();
    // A credential that is over is over for all of them.
    this.#state = state;
    for (const other of all) other.close(null);
    this.#options.onState(state);
  }

  #tell(): void {
    if (this.#state.state === 'closed') return;
    const states = [this.main, ...this.#apart.values()].map((one) => one.state);
    for (const name of STATES) {
      const next = states.find((one) => one.state === name);
      if (!next) continue;
      if (next.state === this.#state.state && next.state !== 'waiting') return;
      this.#state = next;
      return this.#options.onState(next);
    }
  }
}

function viewOf({ filter, conflate, window }: SubscribeOptions): View | null {
  const view = {
    ...(filter === undefined ? {} : { filter }),
    ...(conflate === undefined ? {} : { conflate }),
    ...(window === undefined ? {} : { window }),
  };
  return Object.keys(view).length === 0 ? null : view;
}
