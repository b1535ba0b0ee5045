import { LIMIT } from '../../contracts/src/limits.js';
import type { Answer } from './chain.js';
import { HoldlineError, asHoldlineError } from './errors.js';
import { Flow } from './flow.js';
import { QUIET_MS } from './path-choice.js';
import { PROMPT_MS, Reader, asAnswer } from './reader.js';
import type { ReaderHost } from './reader.js';
import type { ReceiverOptions, State } from './receiver-options.js';
import { Rest, SHORTEST_HOLD_MS } from './rest.js';
import { isOver } from './session.js';
import type { Session } from './session.js';
import type { Source } from './source.js';
import { Subscription } from './subscription.js';
import { Trial } from './trial.js';
import type { Gap, MessageHandler } from './types.js';
import { judge } from './verdicts.js';

/** A held request that is silent for so much longer than its hold is dead: the line was cut unseen. */
export const SILENCE_MARGIN_MS = 10_000;

/** Why a request was aborted: the channel list changed, or the page came back from a sleep. */
const ASK_AGAIN = Symbol('ask again');

/** One held request, or one subscription, for all channels that are asked for together. */
export class Receiver implements ReaderHost {
  readonly session: Session;
  readonly source: Source;
  readonly #options: ReceiverOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #rest: Rest;
  readonly #trial: Trial;
  #state: State = { state: 'idle' };
  #cursor: string | null;
  #running = false;
  #asked = false;
  #changing = false;
  /** The last answer broke a chain: the same question was asked once more. */
  #doubting = false;
  #request: { readonly abort: AbortController; at: number; readonly timeoutMs: number } | null =
    null;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.session = options.session;
    this.source = options.source;
    this.#rest = new Rest(options.clock, options.random);
    this.#trial = new Trial(options.path);
    this.#cursor = options.cursor;
  }

  get state(): State {
    return this.#state;
  }

  get isUnused(): boolean {
    return this.#subscriptions.size === 0;
  }

  has(channel: string): boolean {
    return this.#subscriptions.has(channel);
  }

  /** What was handed on, for going on after a reload; null before the first answer. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** @throws HoldlineError when closed, or when the page has as many channels as one poll takes. */
  add(channel: string, handler: MessageHandler, from: string | null): Reader {
    if (this.#state.state === 'closed') {
      throw new HoldlineError('closed', 'This client is closed and receives no more.');
    }
    if (!this.#subscriptions.has(channel) && this.#subscriptions.size >= LIMIT.pollChannels) {
      throw new HoldlineError(
        'invalid_use',
        `One client reads ${LIMIT.pollChannels} channels at most.`,
      );
    }
    // A cursor from before a reload says itself where its channels go on.
    const resumed = this.#options.cursor !== null && !this.#asked;
    const reader = new Reader(channel, handler, resumed ? null : from, this);
    const subscription = this.#subscriptions.get(channel) ?? new Subscription(channel);
    this.#subscriptions.set(channel, subscription);
    subscription.readers.add(reader);
    if (reader.phase === 'catching-up') void this.#catchUp(subscription, reader);
    this.#changed();
    return reader;
  }

  remove(channel: string, reader: Reader): void {
    reader.end();
    const subscription = this.#subscriptions.get(channel);
    if (!subscription?.readers.delete(reader)) return;
    if (subscription.readers.size === 0) this.#forget(subscription, null);
    this.#changed();
  }

  /** Resolves once nothing published to the channel from now on can be missed by its subscribers. */
  ready(channel: string): Promise<void> {
    const subscription = this.#subscriptions.get(channel);
    return subscription
      ? subscription.ready()
      : Promise.reject(new HoldlineError('invalid_use', `Nobody is subscribed to ${channel}.`));
  }

  /** The page is back: whatever was waiting for a timer or a dead line goes on at once. */
  wake(): void {
    this.#rest.wake();
    const request = this.#request;
    if (request && this.#options.clock.now() - request.at > request.timeoutMs) {
      request.abort.abort(ASK_AGAIN);
    }
  }

  close(reason: HoldlineError | null): void {
    if (this.#state.state === 'closed') return;
    this.#set({ state: 'closed', reason });
    if (reason) this.#options.onError(reason);
    this.#request?.abort.abort(ASK_AGAIN);
    this.#trial.end();
    this.#rest.end();
    for (const subscription of [...this.#subscriptions.values()])
      this.#forget(subscription, reason);
  }

  gap(gap: Gap): void {
    this.#options.onGap(gap);
  }

  /** @param channel set when only that channel is concerned. */
  error(error: unknown, channel?: string): void {
    this.#options.onError(error, channel);
  }

  /** Changes of one tick make one new request. */
  #changed(): void {
    if (this.#changing) return;
    this.#changing = true;
    queueMicrotask(() => {
      this.#changing = false;
      this.#request?.abort.abort(ASK_AGAIN);
      if (this.#running || this.#isClosed()) return;
      this.#running = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      if (this.#rest.isDue) await this.#rest.wait();
      if (this.#isClosed()) break;
      const list = [...this.#subscriptions.values()].filter(({ isWanted }) => isWanted);
      if (list.length === 0) {
        this.#trial.end();
        // What is subscribed later starts at now, not where an older reader left.
        this.#goOnFrom(null, []);
        this.#set({ state: this.#subscriptions.size === 0 ? 'idle' : 'connecting' });
        break;
      }
      if (this.#state.state !== 'live') this.#set({ state: 'connecting' });
      // A channel that is new to the cursor begins at now, and now must not move when a request is
      // lost: the first request with it is not held, so that the cursor has it from then on.
      const isPrompt =
        this.#state.state !== 'live' || this.#doubting || list.some(({ isSettled }) => !isSettled);
      if (isPrompt) await this.#hold(list, 0);
      else await this.#listen(list);
    }
    this.#running = false;
  }

  /** By a stream where the path lets one through; else by a held request. */
  async #listen(list: readonly Subscription[]): Promise<void> {
    const { path, clock } = this.#options;
    const proved = this.#trial.take(list);
    if (proved) return this.#follow(list, proved);
    const url = this.#streamUrl(list);
    const open = (): Flow => new Flow(this.session, clock, url as string, list);
    if (url !== null && path.isStream) return this.#follow(list, open());
    if (url !== null && path.takeTry()) {
      void this.#trial.begin(open(), () => this.#request?.abort.abort(ASK_AGAIN));
    }
    await this.#hold(list, this.#options.hold);
  }

  #streamUrl(list: readonly Subscription[]): string | null {
    if (this.#cursor === null) return null;
    const url = this.source.stream(
      list.map(({ channel }) => channel),
      this.#cursor,
    );
    if (url === null && this.#options.path.isStream) this.#options.path.unfit();
    return url;
  }

  async #follow(list: readonly Subscription[], flow: Flow): Promise<void> {
    const { clock, path } = this.#options;
    const request = { abort: flow.abort, at: clock.now(), timeoutMs: QUIET_MS };
    this.#request = request;
    const channels = list.map(({ channel }) => channel);
    let isFirst = true;
    try {
      for await (const answer of flow.answers()) {
        request.at = clock.now();
        if (flow.abort.signal.aborted) return;
        if (isFirst) path.works();
        isFirst = false;
        this.#rest.over();
        // A cursor that moves with nothing to show for it is not taken: if messages were left out on the
        // way to it, the one before it still leads to them.
        if (!answer || (answer.messages.length === 0 && isEmpty(answer.channels))) continue;
        await this.#take(list, this.source.named(answer, channels));
        // The prompt request that follows says whether something is missing.
        if (this.#doubting || this.#isClosed()) return;
      }
    } catch (thrown) {
      if (this.#isClosed() || flow.abort.signal.aborted) return;
      const error = asHoldlineError(thrown);
      if (path.failed(error, flow.livedMs)) return;
      // A token's end is the stream's: the next request gets another one, if there is one to get.
      if (isOver(error) && (flow.livedMs ?? 0) > SHORTEST_HOLD_MS) return;
      this.#failed(error, list, flow.livedMs ?? 0);
    } finally {
      if (this.#request === request) this.#request = null;
      flow.end();
    }
  }

  async #hold(list: readonly Subscription[], hold: number): Promise<void> {
    const { clock } = this.#options;
    const timeoutMs = hold === 0 ? PROMPT_MS : hold * 1000 + SILENCE_MARGIN_MS;
    const request = { abort: new AbortController(), at: clock.now(), timeoutMs };
    this.#request = request;
    this.#asked = true;
    const channels = list.map(({ channel }) => channel);
    const { signal } = request.abort;
    try {
      const asked = this.source.held(channels, { cursor: this.#cursor, wait: hold });
      const answer = this.source.named(
        asAnswer(await this.session.request({ ...asked, timeoutMs, signal })),
        channels,
      );
      this.#request = null;
      if (signal.aborted) return;
      const held = clock.now() - request.at;
      // Where the server leaves messages out, an answer without any may still lead on.
      const hasMoved = !answer.timedOut && answer.cursor !== this.#cursor;
      const isNews = await this.#take(list, answer);
      if (isNews || hasMoved || (hold > 0 && held >= SHORTEST_HOLD_MS)) this.#rest.over();
      else if (hold > 0) this.#rest.after(undefined);
    } catch (error) {
      this.#request = null;
      if (this.#isClosed() || signal.aborted) return;
      this.#failed(asHoldlineError(error), list, clock.now() - request.at);
    }
  }

  /** @returns whether the answer brought anything. */
  async #take(list: readonly Subscription[], answer: Answer): Promise<boolean> {
    const verdicts = judge(list, answer);
    const faulty = [...verdicts.values()].some((verdict) => verdict.fault !== null);
    if (faulty && !this.#doubting) {
      this.#doubting = true;
      return true;
    }
    this.#doubting = false;
    for (const subscription of list) {
      if (verdicts.get(subscription.channel)?.gap?.reason === 'epoch') subscription.beginAnew();
      await this.#join(subscription, answer);
    }
    for (const { gap, fault } of verdicts.values()) {
      if (gap) this.#options.onGap(gap);
      if (fault) this.#options.onGap(fault);
    }
    for (const message of answer.messages) {
      const verdict = verdicts.get(message.channel);
      if (!verdict?.fresh.has(message)) continue;
      const epoch = verdict.place?.epoch ?? '';
      await this.#subscriptions.get(message.channel)?.hand(message, epoch);
    }
    // Only now: whoever goes on from this cursor must not miss what a handler never saw.
    const isNews = [...verdicts.values()].some(
      ({ fresh, gap, fault }) => fresh.size || gap || fault,
    );
    if (this.#isClosed()) return isNews;
    for (const one of list) one.place = verdicts.get(one.channel)?.place ?? one.place;
    this.#goOnFrom(answer.cursor, list);
    if (this.#state.state !== 'live') this.#set({ state: 'live' });
    for (const one of list) one.tellReady();
    return isNews;
  }

  /** A cursor knows the channels that it was asked with, and forgets the others. */
  #goOnFrom(cursor: string | null, list: readonly Subscription[]): void {
    this.#cursor = cursor;
    const known = new Set(list);
    for (const subscription of this.#subscriptions.values()) {
      subscription.isKnown = known.has(subscription);
      if (!subscription.isKnown) subscription.place = null;
    }
  }

  async #join(subscription: Subscription, answer: Answer): Promise<void> {
    const proof = answer.channels[subscription.channel];
    const start = { epoch: proof?.epoch ?? '', covered: proof?.from ?? 0 };
    // Who subscribes in the meantime joins with the next answer: this one began before.
    for (const reader of [...subscription.readers]) {
      if (reader.phase !== 'joining') continue;
      try {
        await reader.join(start);
      } catch (error) {
        this.#readerFailed(subscription, reader, error);
      }
    }
  }

  async #catchUp(subscription: Subscription, reader: Reader): Promise<void> {
    try {
      await reader.catchUp();
      this.#changed();
    } catch (error) {
      this.#readerFailed(subscription, reader, error);
    }
  }

  #readerFailed(subscription: Subscription, reader: Reader, thrown: unknown): void {
    if (reader.phase === 'ended' || this.#isClosed()) return;
    const error = asHoldlineError(thrown);
    if (error.status === 401) return this.close(error);
    this.#options.onError(error, subscription.channel);
    subscription.fail(error);
    this.remove(subscription.channel, reader);
  }

  /** @param afterMs how long the request lasted. */
  #failed(error: HoldlineError, list: readonly Subscription[], afterMs: number): void {
    if (error.code === 'forbidden') {
      const named = this.#subscriptions.get(error.capability?.channel ?? '');
      const refused = named ?? (list.length === 1 ? list[0] : undefined);
      if (refused) return this.#refuse([refused], error);
    }
    if (error.code === 'invalid_cursor' && this.#cursor !== null) {
      this.#options.onError(error);
      for (const { channel, place } of list) {
        this.#options.onGap({
          channel,
          reason: 'cursor',
          ...(place ? { after: place.covered } : {}),
        });
      }
      return this.#goOnFrom(null, []);
    }
    // A quota starts anew one day, and a proxy's page goes away: neither should end a page for good.
    if (error.retryable || error.status === 402 || error.code === 'bad_answer') {
      const retryInMs = this.#rest.after(error, afterMs);
      return this.#set({ state: 'waiting', reason: error, retryInMs });
    }
    if (this.#options.isApart && error.status !== 401) return this.#refuse(list, error);
    this.close(error);
  }

  #refuse(list: readonly Subscription[], error: HoldlineError): void {
    for (const subscription of list) {
      this.#options.onError(error, subscription.channel);
      this.#forget(subscription, error);
    }
  }

  #forget(subscription: Subscription, error: HoldlineError | null): void {
    subscription.fail(
      error ?? new HoldlineError('closed', `Reading ${subscription.channel} ended.`),
    );
    for (const reader of subscription.readers) reader.end();
    this.#subscriptions.delete(subscription.channel);
  }

  #isClosed(): boolean {
    return this.#state.state === 'closed';
  }

  #set(state: State): void {
    if (state.state === this.#state.state && state.state !== 'waiting') return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
