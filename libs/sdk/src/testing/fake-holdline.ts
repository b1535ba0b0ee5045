import { PROBLEMS } from '../../../contracts/src/problems.js';
import type { ProblemCode } from '../../../contracts/src/problems.js';
import type { Proof } from '../chain.js';
import type { Clock } from '../clock.js';
import type { Fetch } from '../transport.js';
import type { Filter, Message, OutgoingMessage, Published } from '../types.js';
import { FakeStreams } from './fake-streams.js';

export interface PollBody {
  readonly subscriptions: readonly {
    readonly channels: readonly string[];
    readonly inbox?: boolean;
  }[];
  readonly cursor?: string;
  readonly from?: string;
  readonly wait: number;
  readonly limit?: number;
  readonly filter?: Filter;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly token: string | null;
  readonly body: unknown;
  readonly at: number;
}

/** An answer to a receive, as the specs' faults may change it. */
export interface ReceiveAnswer {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly timedOut: boolean;
  readonly channels: Record<string, Proof>;
}

export interface Log {
  readonly messages: Message[];
  last: number;
}

interface Held {
  readonly body: PollBody;
  readonly places: Map<string, number>;
  readonly epoch: string;
  answer(): void;
}

/** What happens to one request instead of, or around, the server's own answer. */
export type Fault =
  /** The request never reaches the server. */
  | { readonly kind: 'unreachable' }
  /** The server does what was asked; its answer is lost. */
  | { readonly kind: 'answer-lost' }
  | {
      readonly kind: 'problem';
      readonly code: ProblemCode;
      readonly extras?: object;
      readonly retryAfter?: string;
    }
  | { readonly kind: 'raw'; readonly status: number; readonly text: string }
  /** Neither answered nor refused until the caller gives up. */
  | { readonly kind: 'silence' }
  /** The answer with something changed, as a faulty server would. */
  | { readonly kind: 'bent'; readonly bend: (answer: ReceiveAnswer) => unknown };

/** Holdline's data plane as its protocol describes it, in memory, behind a `fetch`. */
export class FakeHoldline {
  readonly seen: Seen[] = [];
  /** Tokens that are accepted; null: any. */
  tokens: Set<string> | null = null;
  /** Decides about each request as it comes. */
  fault: (seen: Seen) => Fault | null = () => null;
  epoch = 'e1';
  #position = 0;
  readonly #logs = new Map<string, Log>();
  readonly #ids = new Map<string, Published>();
  readonly #held = new Set<Held>();
  readonly #clock: Clock;
  /** Those that are open now. */
  readonly streams: FakeStreams;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.streams = new FakeStreams(clock, (channel) => this.#log(channel));
  }

  get held(): PollBody[] {
    return [...this.#held].map(({ body }) => body);
  }

  get polls(): PollBody[] {
    return this.seen.filter(({ path }) => path === '/v1/poll').map(({ body }) => body as PollBody);
  }

  log(channel: string): readonly Message[] {
    return this.#log(channel).messages;
  }

  publish(
    channel: string,
    data: unknown,
    id = `m${this.#position + 1}`,
    rest: Partial<Message> = {},
  ): Published {
    const known = this.#ids.get(`${channel} ${id}`);
    if (known) return { ...known, duplicate: true };
    const log = this.#log(channel);
    const position = ++this.#position;
    const timestamp = new Date(this.#clock.now()).toISOString();
    log.messages.push({ channel, id, position, previous: log.last, timestamp, data, ...rest });
    log.last = position;
    const published = { id, position, timestamp };
    this.#ids.set(`${channel} ${id}`, published);
    for (const held of [...this.#held]) {
      const { places, body } = held;
      if (places.has(channel) && isWanted(log.messages.at(-1) as Message, body.filter))
        held.answer();
    }
    this.streams.published();
    return published;
  }

  /** Retention: only the newest `count` messages stay. */
  keep(channel: string, count: number): void {
    const { messages } = this.#log(channel);
    messages.splice(0, Math.max(0, messages.length - count));
  }

  /** A restore: the log begins anew. */
  restore(): void {
    this.epoch = `e${Number(this.epoch.slice(1)) + 1}`;
    this.#position = 0;
    this.#logs.clear();
    this.#ids.clear();
    for (const held of [...this.#held]) held.answer();
  }

  readonly fetch: Fetch = async (url, init) => {
    const { pathname, search } = new URL(url);
    const authorization = new Headers(init.headers).get('authorization');
    const seen: Seen = {
      method: init.method ?? 'GET',
      path: pathname + search,
      token: authorization?.replace(/^Bearer /, '') ?? null,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : null,
      at: this.#clock.now(),
    };
    this.seen.push(seen);
    const signal = init.signal as AbortSignal;
    const fault = this.fault(seen);
    await Promise.resolve();
    if (signal.aborted) throw new DOMException('aborted', 'AbortError');
    if (fault?.kind === 'unreachable') throw new TypeError('Failed to fetch');
    if (fault?.kind === 'silence') return abortable(signal, () => undefined);
    if (fault?.kind === 'problem') return problem(fault.code, fault.extras, fault.retryAfter);
    if (fault?.kind === 'raw') return new Response(fault.text, { status: fault.status });
    if (this.tokens && !this.tokens.has(seen.token ?? '')) return problem('token_expired');
    const answer = await this.#serve(seen, pathname, search, signal);
    if (fault?.kind === 'answer-lost') throw new TypeError('Failed to fetch');
    if (fault?.kind === 'bent' && pathname !== '/v1/messages')
      return Response.json(fault.bend((await answer.json()) as ReceiveAnswer));
    return answer;
  };

  #serve(
    seen: Seen,
    path: string,
    query: string,
    signal: AbortSignal,
  ): Promise<Response> | Response {
    if (path === '/v1/poll') return this.#poll(seen.body as PollBody, signal);
    if (path === '/v1/messages') {
      const cursor = readCursor(new URLSearchParams(query).get('cursor') ?? '');
      if (!cursor) return problem('invalid_cursor');
      return this.streams.open(cursor.epoch, cursor.places, signal);
    }
    const [, channel = '', kind] = /^\/v1\/channels\/([^/]+)\/(messages|history)$/.exec(path) ?? [];
    const name = decodeURIComponent(channel);
    if (kind === 'messages') {
      const list = (Array.isArray(seen.body) ? seen.body : [seen.body]) as (OutgoingMessage & {
        id: string;
      })[];
      if (list.some(({ data }) => data === 'invalid')) return problem('invalid_message');
      const messages = list.map(({ id, data, ttl: _ttl, ifPosition: _at, ...rest }) =>
        this.publish(name, data, id, rest),
      );
      return Response.json({ messages, cursor: 'unused' }, { status: 201 });
    }
    const options = new URLSearchParams(query);
    const bound = (key: string, none: number): number => Number(options.get(key) ?? none);
    const kept = this.#log(name).messages.filter(
      ({ position }) => position > bound('after', 0) && position < bound('before', Infinity),
    );
    const ordered = options.get('order') === 'oldest' ? kept : [...kept].reverse();
    const messages = ordered.slice(0, bound('limit', 100));
    return Response.json({ messages, cursor: 'unused', epoch: this.epoch });
  }

  #poll(body: PollBody, signal: AbortSignal): Promise<Response> | Response {
    const cursor = body.cursor === undefined ? null : readCursor(body.cursor);
    if (body.cursor !== undefined && !cursor) return problem('invalid_cursor');
    const places = new Map<string, number>();
    for (const channel of body.subscriptions.flatMap(({ channels, inbox }) =>
      inbox ? [...channels, 'inbox:me'] : channels,
    )) {
      places.set(
        channel,
        cursor?.places[channel] ?? this.#begin(channel, cursor ? 'now' : body.from),
      );
    }
    const epoch = cursor?.epoch ?? this.epoch;
    const answer = (): Response => this.#answer(body, places, epoch);
    const hasNews =
      epoch !== this.epoch ||
      [...places].some(([c, at]) =>
        this.#log(c).messages.some(
          (message) => message.position > at && isWanted(message, body.filter),
        ),
      );
    if (hasNews || body.wait === 0) return answer();
    return abortable(signal, (resolve) => {
      const held: Held = { body, places, epoch, answer: () => end() };
      const end = (): void => {
        cancel();
        this.#held.delete(held);
        resolve(answer());
      };
      const cancel = this.#clock.after(body.wait * 1000, end);
      signal.addEventListener('abort', () => {
        cancel();
        this.#held.delete(held);
      });
      this.#held.add(held);
    });
  }

  #answer(body: PollBody, places: Map<string, number>, epoch: string): Response {
    const limit = body.limit ?? 100;
    const messages: Message[] = [];
    const channels: Record<string, Proof> = {};
    const next: Record<string, number> = {};
    for (const [channel, place] of places) {
      const log = this.#log(channel);
      const changed = epoch !== this.epoch;
      const from = changed ? 0 : place;
      const kept = log.messages.filter(({ position }) => position > from);
      const all = kept.filter((message) => isWanted(message, body.filter));
      const part = all.slice(0, limit - messages.length);
      const first = kept[0]?.previous ?? log.last;
      const lost = changed
        ? ({ reason: 'epoch' } as const)
        : first > from
          ? ({ reason: 'retention' } as const)
          : null;
      const to = part.length < all.length ? (part.at(-1)?.position ?? from) : log.last;
      // With no room left, what is lost is told by the answer that goes on there.
      const told = part.length > 0 || all.length === 0;
      channels[channel] = {
        epoch: this.epoch,
        from,
        to: told ? to : from,
        lost: told ? lost : null,
        ...(body.filter ? { filtered: kept.length - all.length } : {}),
      };
      next[channel] = told ? to : from;
      messages.push(...part);
    }
    const cursor = JSON.stringify({ epoch: this.epoch, places: next });
    return Response.json({ messages, cursor, timedOut: messages.length === 0, channels });
  }

  #begin(channel: string, from = 'now'): number {
    const { messages, last } = this.#log(channel);
    if (from === 'start') return messages[0]?.previous ?? last;
    if (/^-\d+$/.test(from)) return messages.slice(Number(from))[0]?.previous ?? last;
    return last;
  }

  #log(channel: string): Log {
    const log = this.#logs.get(channel) ?? { messages: [], last: 0 };
    this.#logs.set(channel, log);
    return log;
  }
}

function isWanted({ name }: Message, filter: Filter | undefined): boolean {
  return !filter?.names || filter.names.includes(name ?? '');
}

function readCursor(text: string): { epoch: string; places: Record<string, number> } | null {
  try {
    return JSON.parse(text) as { epoch: string; places: Record<string, number> };
  } catch {
    return null;
  }
}

function problem(code: ProblemCode, extras: object = {}, retryAfter?: string): Response {
  const { status, title } = PROBLEMS[code];
  return Response.json(
    {
      type: `/errors/${code}`,
      title,
      status,
      detail: `Refused: ${code}.`,
      code,
      requestId: 'r1',
      ...extras,
    },
    { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } },
  );
}

function abortable(
  signal: AbortSignal,
  start: (resolve: (response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    start(resolve);
  });
}
