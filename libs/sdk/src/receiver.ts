import { LIMIT } from '../../contracts/src/limits.js';
import { backoff } from './backoff.js';
import { examine } from './chain.js';
import type { Answer, Verdict } from './chain.js';
import { pause } from './clock.js';
import type { Clock } from './clock.js';
import { HoldlineError, asHoldlineError } from './errors.js';
import { inboxed, subscriptionOf } from './inbox.js';
import { PROMPT_MS, Reader, asAnswer } from './reader.js';
import type { ReaderHost } from './reader.js';
import type { Session } from './session.js';
import { Stream } from './stream.js';
import type { Gap, Message, MessageHandler } from './types.js';

/** A held request that is silent for so much longer than its hold is dead: the line was cut unseen. */
const SILENCE_MARGIN_MS = 10_000;
/** An empty answer to a hold that comes sooner is not a hold: something on the way answers for it. */
const SHORTEST_HOLD_MS = 1_000;
/** A hold that failed after so long was cut by something on the way; the server itself is well. */
const CUT_HOLD_MS = 5_000;

export type State =
  | { readonly state: 'idle' | 'connecting' | 'live' }
  | { readonly state: 'waiting'; readonly reason: HoldlineError; readonly retryInMs: number }
  | { readonly state: 'closed'; readonly reason: HoldlineError | null };

export interface ReceiverOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly random: () => number;
  /** Seconds. */
  readonly hold: number;
  readonly cursor: string | null;
  onState(state: State): void;
  onGap(gap: Gap): void;
  /** @param channel set when only that channel is concerned. */
  onError(error: unknown, channel?: string): void;
}

/** Why a request was aborted: the channel list changed, or the page came back from a sleep. */
const ASK_AGAIN = Symbol('ask again');

/** The one held request for all channels of the page. */
export class Receiver implements ReaderHost {
  readonly session: Session;
  readonly #options: ReceiverOptions;
  readonly #streams = new Map<string, Stream>();
  #state: State = { state: 'idle' };
  #cursor: string | null;
  #running = false;
  #asked = false;
  #changing = false;
  #failures = 0;
  #delayMs = 0;
  /** The last answer broke a chain: the same question was asked once more. */
  #doubting = false;
  #request: {
    readonly abort: AbortController;
    readonly at: number;
    readonly timeoutMs: number;
  } | null = null;
  #rest: { readonly abort: AbortController; readonly lineWasDown: boolean } | null = null;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.session = options.session;
    this.#cursor = options.cursor;
  }

  get state(): State {
    return this.#state;
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
    if (!this.#streams.has(channel) && this.#streams.size >= LIMIT.pollChannels) {
      throw new HoldlineError(
        'invalid_use',
        `One client reads ${LIMIT.pollChannels} channels at most.`,
      );
    }
    // A cursor from before a reload says itself where its channels go on.
    const resumed = this.#options.cursor !== null && !this.#asked;
    const reader = new Reader(channel, handler, resumed ? null : from, this);
    const stream = this.#streams.get(channel) ?? new Stream(channel);
    this.#streams.set(channel, stream);
    stream.readers.add(reader);
    if (reader.phase === 'catching-up') void this.#catchUp(stream, reader);
    this.#changed();
    return reader;
  }

  remove(channel: string, reader: Reader): void {
    reader.end();
    const stream = this.#streams.get(channel);
    if (!stream?.readers.delete(reader)) return;
    if (stream.readers.size === 0) this.#forget(stream, null);
    this.#changed();
  }

  /** Resolves once nothing published to the channel from now on can be missed by its subscribers. */
  ready(channel: string): Promise<void> {
    const stream = this.#streams.get(channel);
    return stream
      ? stream.ready()
      : Promise.reject(new HoldlineError('invalid_use', `Nobody is subscribed to ${channel}.`));
  }

  /** The page is back: whatever was waiting for a timer or a dead line goes on at once. */
  wake(): void {
    if (this.#rest?.lineWasDown) this.#rest.abort.abort();
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
    this.#rest?.abort.abort();
    for (const stream of [...this.#streams.values()]) this.#forget(stream, reason);
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
      if (this.#delayMs > 0) await this.#wait();
      if (this.#isClosed()) break;
      const list = [...this.#streams.values()].filter((stream) => stream.isWanted);
      if (list.length === 0) {
        // What is subscribed later starts at now, not where an older reader left.
        this.#goOnFrom(null, []);
        this.#set({ state: this.#streams.size === 0 ? 'idle' : 'connecting' });
        break;
      }
      if (this.#state.state !== 'live') this.#set({ state: 'connecting' });
      // A channel that is new to the cursor begins at now, and now must not move when a request is
      // lost: the first request with it is not held, so that the cursor has it from then on.
      const prompt =
        this.#state.state !== 'live' || this.#doubting || list.some((stream) => !stream.isSettled);
      await this.#turn(list, prompt ? 0 : this.#options.hold);
    }
    this.#running = false;
  }

  async #turn(list: readonly Stream[], hold: number): Promise<void> {
    const { clock } = this.#options;
    const timeoutMs = hold === 0 ? PROMPT_MS : hold * 1000 + SILENCE_MARGIN_MS;
    const request = { abort: new AbortController(), at: clock.now(), timeoutMs };
    this.#request = request;
    this.#asked = true;
    try {
      const channels = list.map((stream) => stream.channel);
      const body = {
        subscriptions: [subscriptionOf(channels)],
        ...(this.#cursor === null ? {} : { cursor: this.#cursor }),
        wait: hold,
      };
      const { signal } = request.abort;
      const answer = inboxed(
        asAnswer(
          await this.session.request({ method: 'POST', path: '/v1/poll', body, timeoutMs, signal }),
        ),
        channels,
      );
      this.#request = null;
      if (signal.aborted) return;
      const held = clock.now() - request.at;
      const isNews = await this.#take(list, answer);
      if (isNews || (hold > 0 && held >= SHORTEST_HOLD_MS)) this.#failures = 0;
      else if (hold > 0) this.#rests(undefined);
    } catch (error) {
      this.#request = null;
      if (this.#isClosed() || request.abort.signal.aborted) return;
      if (clock.now() - request.at > CUT_HOLD_MS) this.#failures = 0;
      this.#failed(asHoldlineError(error), list);
    }
  }

  /** @returns whether the answer brought anything. */
  async #take(list: readonly Stream[], answer: Answer): Promise<boolean> {
    const verdicts = new Map<string, Verdict>();
    const messages = byChannel(answer.messages);
    for (const { channel, place } of list) {
      const proof = answer.channels[channel];
      verdicts.set(channel, examine(channel, messages.get(channel) ?? [], proof, place));
    }
    const faulty = [...verdicts.values()].some((verdict) => verdict.fault !== null);
    if (faulty && !this.#doubting) {
      this.#doubting = true;
      return true;
    }
    this.#doubting = false;
    for (const stream of list) {
      if (verdicts.get(stream.channel)?.gap?.reason === 'epoch') stream.beginAnew();
      await this.#join(stream, answer);
    }
    for (const { gap, fault } of verdicts.values()) {
      if (gap) this.#options.onGap(gap);
      if (fault) this.#options.onGap(fault);
    }
    for (const message of answer.messages) {
      const verdict = verdicts.get(message.channel);
      if (!verdict?.fresh.has(message)) continue;
      const epoch = verdict.place?.epoch ?? '';
      await this.#streams.get(message.channel)?.hand(message, epoch);
    }
    // Only now: whoever goes on from this cursor must not miss what a handler never saw.
    const isNews = [...verdicts.values()].some(
      ({ fresh, gap, fault }) => fresh.size || gap || fault,
    );
    if (this.#isClosed()) return isNews;
    for (const stream of list) stream.place = verdicts.get(stream.channel)?.place ?? stream.place;
    this.#goOnFrom(answer.cursor, list);
    if (this.#state.state !== 'live') this.#set({ state: 'live' });
    for (const stream of list) stream.tellReady();
    return isNews;
  }

  /** A cursor knows the channels that it was asked with, and forgets the others. */
  #goOnFrom(cursor: string | null, list: readonly Stream[]): void {
    this.#cursor = cursor;
    const known = new Set(list);
    for (const stream of this.#streams.values()) {
      stream.isKnown = known.has(stream);
      if (!stream.isKnown) stream.place = null;
    }
  }

  async #join(stream: Stream, answer: Answer): Promise<void> {
    const proof = answer.channels[stream.channel];
    const start = { epoch: proof?.epoch ?? '', covered: proof?.from ?? 0 };
    // Who subscribes in the meantime joins with the next answer: this one began before.
    for (const reader of [...stream.readers]) {
      if (reader.phase !== 'joining') continue;
      try {
        await reader.join(start);
      } catch (error) {
        this.#readerFailed(stream, reader, error);
      }
    }
  }

  async #catchUp(stream: Stream, reader: Reader): Promise<void> {
    try {
      await reader.catchUp();
      this.#changed();
    } catch (error) {
      this.#readerFailed(stream, reader, error);
    }
  }

  #readerFailed(stream: Stream, reader: Reader, thrown: unknown): void {
    if (reader.phase === 'ended' || this.#isClosed()) return;
    const error = asHoldlineError(thrown);
    if (error.status === 401) return this.close(error);
    this.#options.onError(error, stream.channel);
    stream.fail(error);
    this.remove(stream.channel, reader);
  }

  #failed(error: HoldlineError, list: readonly Stream[]): void {
    if (error.code === 'forbidden') {
      const named = this.#streams.get(error.capability?.channel ?? '');
      const refused = named ?? (list.length === 1 ? list[0] : undefined);
      if (!refused) return this.close(error);
      this.#options.onError(error, refused.channel);
      return this.#forget(refused, error);
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
    if (!error.retryable && error.status !== 402 && error.code !== 'bad_answer') {
      return this.close(error);
    }
    this.#rests(error);
  }

  #rests(error: HoldlineError | undefined): void {
    this.#failures++;
    const { random } = this.#options;
    this.#delayMs = Math.max(1, backoff(this.#failures, error?.retryAfterMs, random));
    this.#rest = {
      abort: new AbortController(),
      lineWasDown: error?.code === 'network' || error?.code === 'timeout',
    };
    if (error) this.#set({ state: 'waiting', reason: error, retryInMs: this.#delayMs });
  }

  async #wait(): Promise<void> {
    const signal = this.#rest?.abort.signal;
    if (signal) await pause(this.#options.clock, this.#delayMs, signal);
    this.#rest = null;
    this.#delayMs = 0;
  }

  #forget(stream: Stream, error: HoldlineError | null): void {
    stream.fail(error ?? new HoldlineError('closed', `Reading ${stream.channel} ended.`));
    for (const reader of stream.readers) reader.end();
    this.#streams.delete(stream.channel);
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

function byChannel(messages: readonly Message[]): Map<string, Message[]> {
  const map = new Map<string, Message[]>();
  for (const message of messages) {
    const list = map.get(message.channel);
    if (list) list.push(message);
    else map.set(message.channel, [message]);
  }
  return map;
}
