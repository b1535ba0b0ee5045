import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../support/random.js';
import type { FinalLog, PublishAttempt, ReaderTrace } from './checker.js';
import { LeanHttp, type Drop } from './lean-http.js';

/** The least a client waits after a failed request, so that a server that restarts is not hammered. */
const RETRY_MS = 15;
/** Longer than this without progress is a failure of the test. */
const STUCK_MS = 45_000;

interface Answer {
  readonly messages: { channel: string; id: string; position: number; previous: number }[];
  readonly cursor: string;
  readonly channels: Record<string, { from: number; to: number; lost: { reason: string } | null }>;
}

export interface PublisherOptions {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  readonly channel: string;
  readonly batches: number;
  readonly size: number;
  /** Every attempt is written here. */
  readonly attempts: PublishAttempt[];
  readonly onAck?: (messages: number) => void;
  /** Whether an acknowledged batch is published once more, as by a client that missed the answer. */
  readonly repeats?: () => boolean;
}

/** Publishes its batches one after the other, each until it is acknowledged, always with the same ids. */
export async function publishAll(options: PublisherOptions): Promise<void> {
  const { channel, name, attempts } = options;
  const http = new LeanHttp(options.url, options.key);
  const path = `/v1/channels/${encodeURIComponent(channel)}/messages`;
  try {
    for (let batch = 0; batch < options.batches; batch++) {
      const ids = Array.from({ length: options.size }, (_, n) => `${name}.${batch}.${n}`);
      const body = JSON.stringify(ids.map((id) => ({ id, data: { by: name, batch } })));
      const since = performance.now();
      for (;;) {
        const attempt = await publishOnce(http, path, channel, ids, body);
        attempts.push(attempt);
        if (attempt.outcome === 'ok' && !options.repeats?.()) break;
        if (performance.now() - since > STUCK_MS)
          throw new Error(`${name}: batch ${batch} was never acknowledged`);
        await pause(RETRY_MS);
      }
      options.onAck?.(ids.length);
    }
  } finally {
    http.close();
  }
}

async function publishOnce(
  http: LeanHttp,
  path: string,
  channel: string,
  ids: readonly string[],
  body: string,
): Promise<PublishAttempt> {
  const invoked = performance.now();
  const base = { channel, ids, invoked };
  try {
    const reply = await http.ask('POST', path, body);
    const ended = performance.now();
    if (reply.status === 201) {
      const { messages } = JSON.parse(reply.body.toString()) as {
        messages: { id: string; position: number }[];
      };
      if (messages.some((one, n) => one.id !== ids[n]))
        throw new Error(`Other ids than were sent: ${reply.body.toString()}`);
      return { ...base, ended, outcome: 'ok', positions: messages.map((one) => one.position) };
    }
    // "unavailable" leaves open whether the message is stored; every other refusal is definite.
    return { ...base, ended, outcome: reply.status === 503 ? 'indefinite' : 'fail' };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Other ids')) throw error;
    return { ...base, ended: performance.now(), outcome: 'indefinite' };
  }
}

export interface ReaderOptions {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  readonly channels: readonly string[];
  /** How likely a request is dropped on purpose. */
  readonly dropChance: number;
  readonly random: SeededRandom;
  /** Messages were handed over for good. */
  readonly onTake?: (messages: number) => void;
}

/** Reads many channels by one cursor, through drops and restarts, and remembers all that it was handed. */
export class Reader {
  readonly traces = new Map<string, Trace>();
  asks = 0;
  drops = 0;
  private cursor: string | null = null;
  private ends: ReadonlyMap<string, number> | null = null;

  constructor(private readonly options: ReaderOptions) {
    for (const channel of options.channels)
      this.traces.set(channel, new Trace(options.name, channel));
  }

  /** Reads on until each channel's end has been covered; to be called once the ends are known. */
  finishAt(ends: ReadonlyMap<string, number>): void {
    this.ends = ends;
  }

  async run(): Promise<void> {
    const { url, key, name, channels } = this.options;
    const http = new LeanHttp(url, key);
    const list = channels.map((channel) => `channel=${encodeURIComponent(channel)}`).join('&');
    let progress = performance.now();
    try {
      while (!this.isDone()) {
        const place = this.cursor === null ? 'from=start' : `cursor=${this.cursor}`;
        this.asks++;
        try {
          const reply = await http.ask(
            'GET',
            `/v1/messages?${list}&limit=1000&wait=2&${place}`,
            undefined,
            this.drop(),
          );
          if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body.toString()}`);
          this.take(JSON.parse(reply.body.toString()) as Answer);
          progress = performance.now();
        } catch (error) {
          if (performance.now() - progress > STUCK_MS)
            throw new Error(`${name} makes no progress`, { cause: error });
          if (error instanceof Error && error.message === 'Dropped on purpose.') this.drops++;
          else await pause(RETRY_MS);
        }
      }
    } finally {
      http.close();
    }
  }

  /** In the hold, in the middle of the answer, or not at all. */
  private drop(): Drop {
    const { random, dropChance } = this.options;
    if (!random.chance(dropChance)) return {};
    return random.chance(0.5)
      ? { afterMs: random.below(20) }
      : { afterBytes: random.below(60_000) };
  }

  /** An answer that came whole counts, unless it is "lost" in us before we noted its cursor. */
  private take(answer: Answer): void {
    const { random, dropChance } = this.options;
    if (this.cursor !== null && random.chance(dropChance / 4)) {
      this.drops++;
      return;
    }
    for (const message of answer.messages) this.trace(message.channel).add(message);
    for (const [channel, proof] of Object.entries(answer.channels))
      this.trace(channel).cover(proof);
    this.cursor = answer.cursor;
    this.options.onTake?.(answer.messages.length);
  }

  private trace(channel: string): Trace {
    const trace = this.traces.get(channel);
    if (!trace)
      throw new Error(`${this.options.name} was handed ${channel}, which it never asked for`);
    return trace;
  }

  private isDone(): boolean {
    const { ends } = this;
    return (
      ends !== null &&
      [...this.traces.values()].every((trace) => trace.to >= (ends.get(trace.channel) ?? 0))
    );
  }
}

/** Parallel lists: with millions of messages, objects would cost more than the test. */
class Trace implements ReaderTrace {
  readonly from = 0;
  to = 0;
  readonly ids: string[] = [];
  readonly positions: number[] = [];
  readonly previous: number[] = [];
  readonly lost: { after: number; to: number }[] = [];

  constructor(
    readonly reader: string,
    readonly channel: string,
  ) {}

  add(message: { id: string; position: number; previous: number }): void {
    this.ids.push(message.id);
    this.positions.push(message.position);
    this.previous.push(message.previous);
  }

  cover(proof: { from: number; to: number; lost: unknown }): void {
    if (proof.lost !== null) this.lost.push({ after: this.to, to: proof.to });
    this.to = Math.max(this.to, proof.to);
  }
}

/** The channel as it is in the end, by paging through its history, oldest first. */
export async function finalLog(url: string, key: string, channel: string): Promise<FinalLog> {
  const http = new LeanHttp(url, key);
  const entries: { id: string; position: number; previous: number }[] = [];
  try {
    for (;;) {
      const after = entries.at(-1)?.position ?? 0;
      const path = `/v1/channels/${encodeURIComponent(channel)}/history?order=oldest&limit=1000&after=${after}`;
      const reply = await http.ask('GET', path);
      if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body.toString()}`);
      const { messages } = JSON.parse(reply.body.toString()) as Answer;
      if (messages.length === 0) return { channel, entries };
      for (const { id, position, previous } of messages) entries.push({ id, position, previous });
    }
  } finally {
    http.close();
  }
}
