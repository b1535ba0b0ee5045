import { askOn } from './ask-on.js';
import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { listPresence } from './presence-list.js';
import { Members } from './presence-members.js';
import type { PresenceChange, PresenceEvent, PresenceHandler } from './presence-members.js';
import { PROMPT_MS } from './reader.js';
import { SILENCE_MARGIN_MS } from './receiver.js';

/** Messages come by other requests: of this one changes alone are wanted, which no filter stops. */
const NO_MESSAGES = { names: ['holdline.none'] };

interface Answer {
  readonly messages: readonly Partial<PresenceChange>[];
  readonly cursor: string;
  readonly timedOut: boolean;
  readonly presence?: Readonly<Record<string, { readonly lost: object | null }>>;
}

interface Entry {
  readonly channel: string;
  readonly data: unknown;
  /** Tells who entered; null: the server knows. */
  readonly told: (error: HoldlineError | null) => void;
  isKnown: boolean;
}

interface Watch {
  readonly channel: string;
  readonly members: Members;
  readonly handler: PresenceHandler;
}

/** The rest of what a channel needs of its client. */
export type LineHost = Omit<ChannelHost, 'presence'>;

/**
 * The held request by which this client is present and sees who else is. It is one of its own, so that a
 * missing right to presence costs nobody their messages; being held, it is its own heartbeat.
 */
export class PresenceLine {
  readonly #host: LineHost;
  readonly #entries = new Map<string, Entry>();
  readonly #watches = new Set<Watch>();
  #cursor: string | null = null;
  #isRunning = false;
  /** Who is there, or what is watched, is not what the last request said. */
  #isChanged = false;
  #request: AbortController | null = null;

  constructor(host: LineHost) {
    this.#host = host;
    host.closing.addEventListener('abort', () => this.#end(host.closing.reason as HoldlineError));
  }

  /** Resolves when the server knows. @throws HoldlineError */
  enter(channel: string, data: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#entries.get(channel)?.told(null);
      const told = (error: HoldlineError | null): void => (error ? reject(error) : resolve());
      this.#entries.set(channel, { channel, data, told, isKnown: false });
      this.#changed();
    });
  }

  /** Says no more that the client is there: the request that says so is ended at once. */
  forget(channel: string): void {
    const entry = this.#entries.get(channel);
    if (!entry) return;
    this.#entries.delete(channel);
    entry.told(null);
    this.#request?.abort();
    this.#changed();
  }

  /** @returns ends it. */
  watch(channel: string, handler: PresenceHandler): () => void {
    const watch = { channel, handler, members: new Members() };
    this.#watches.add(watch);
    this.#changed();
    return () => {
      if (this.#watches.delete(watch)) this.#changed();
    };
  }

  #changed(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => {
      this.#request?.abort();
      if (!this.#isRunning && !this.#host.closing.aborted) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isNeeded() && !this.#host.closing.aborted) {
      const round = new AbortController();
      const end = (): void => round.abort();
      this.#host.closing.addEventListener('abort', end);
      const ask = async (): Promise<boolean> => {
        if (this.#isNeeded()) return this.#ask();
        round.abort();
        return true;
      };
      await askOn(this.#host, round.signal, ask, (error) => this.#failed(error));
      this.#host.closing.removeEventListener('abort', end);
    }
    this.#cursor = null;
    this.#isChanged = false;
    this.#isRunning = false;
  }

  #isNeeded(): boolean {
    return this.#entries.size + this.#watches.size > 0;
  }

  /** @returns whether it brought anything. */
  async #ask(): Promise<boolean> {
    const { session, hold } = this.#host;
    const entries = [...this.#entries.values()];
    const isPrompt =
      this.#isChanged ||
      entries.some(({ isKnown }) => !isKnown) ||
      [...this.#watches].some(({ members }) => members.isStale);
    this.#isChanged = false;
    const wait = isPrompt ? 0 : hold;
    const watched = [...this.#watches].map(({ channel }) => channel);
    const channels = [...new Set([...this.#entries.keys(), ...watched])];
    const body = {
      subscriptions: [{ channels }],
      ...(this.#cursor === null ? {} : { cursor: this.#cursor }),
      ...(entries.length === 0
        ? {}
        : { presence: Object.fromEntries(entries.map(({ channel, data }) => [channel, data])) }),
      ...(watched.length === 0 ? {} : { presenceEvents: true }),
      filter: NO_MESSAGES,
      wait,
    };
    const timeoutMs = isPrompt ? PROMPT_MS : wait * 1000 + SILENCE_MARGIN_MS;
    const request = (this.#request = new AbortController());
    const { signal } = request;
    try {
      const order = { method: 'POST', path: '/v1/poll', body, timeoutMs, signal } as const;
      const answer = answerOf(await session.request(order));
      for (const entry of entries) {
        entry.isKnown = true;
        entry.told(null);
      }
      const hasMoved = !answer.timedOut && answer.cursor !== this.#cursor;
      this.#cursor = answer.cursor;
      this.#take(answer);
      for (const watch of this.#watches) if (watch.members.isStale) await this.#list(watch);
      return isPrompt || hasMoved;
    } catch (error) {
      if (signal.aborted) return true;
      throw error;
    } finally {
      if (this.#request === request) this.#request = null;
    }
  }

  #take({ messages, presence }: Answer): void {
    for (const watch of this.#watches) {
      if (presence?.[watch.channel]?.lost) watch.members.isStale = true;
      for (const change of messages) {
        if (change.type !== 'presence' || change.channel !== watch.channel) continue;
        this.#hand(watch, watch.members.apply(change as PresenceChange));
      }
    }
  }

  async #list(watch: Watch): Promise<void> {
    const { members, version } = await listPresence(this.#host, watch.channel);
    if (this.#watches.has(watch)) this.#hand(watch, watch.members.list(members, version));
  }

  #hand({ handler }: Watch, events: readonly PresenceEvent[]): void {
    for (const event of events) {
      try {
        handler(event);
      } catch (error) {
        this.#host.receivers.error(error);
      }
    }
  }

  /** Ends what the refusal is about: the channel that it names, else what was asked for last, else all. */
  #failed(error: HoldlineError): void {
    if (error.status === 401) {
      this.#end(error);
      this.#host.receivers.close(error);
      return;
    }
    if (error.code === 'invalid_cursor' && this.#cursor !== null) {
      this.#cursor = null;
      for (const { members } of this.#watches) members.isStale = true;
      return;
    }
    const { channel } = error.capability ?? {};
    const isOurs = [...this.#entries.values(), ...this.#watches].some(
      (one) => one.channel === channel,
    );
    const named = isOurs ? channel : undefined;
    const isAnyNew = [...this.#entries.values()].some(({ isKnown }) => !isKnown);
    for (const entry of [...this.#entries.values()]) {
      if (named === undefined ? isAnyNew && entry.isKnown : entry.channel !== named) continue;
      this.#entries.delete(entry.channel);
      if (entry.isKnown) this.#host.receivers.error(error, entry.channel);
      else entry.told(error);
    }
    for (const watch of [...this.#watches]) {
      if (named === undefined ? isAnyNew : watch.channel !== named) continue;
      this.#watches.delete(watch);
      this.#host.receivers.error(error, watch.channel);
    }
    this.#isChanged = true;
  }

  #end(error: HoldlineError): void {
    for (const { told } of this.#entries.values()) told(error);
    this.#entries.clear();
    this.#watches.clear();
    this.#request?.abort();
  }
}

/** @throws HoldlineError `bad_answer` */
function answerOf(value: unknown): Answer {
  const answer = value as Partial<Answer> | null;
  if (!Array.isArray(answer?.messages) || typeof answer.cursor !== 'string') {
    const detail = 'The answer has no messages and cursor.';
    throw new HoldlineError('bad_answer', detail, { retryable: true });
  }
  return { timedOut: false, ...answer } as Answer;
}
