import { Engine } from '#engine';
import type {
  Append,
  AppendResult,
  ChannelQuery,
  ChannelRef,
  Directory,
  EngineCapabilities,
  EngineHealth,
  JournalRead,
  LiveListener,
  LiveSubscription,
  Place,
  ReadLimit,
  ReadResult,
  Stored,
  StoredBytes,
  Tail,
} from '#engine';

/** What may go wrong between a log and its reader; each chance is decided by `chance`. */
export interface Trouble {
  /** Called for each decision: true lets it go wrong. */
  chance(what: 'drop wake' | 'delay wake' | 'late read' | 'slow call' | 'late ready'): boolean;
}

/**
 * A log of many nodes, as bad as the port allows: wakes get lost or come late (in order), reads are
 * answered by a follower that lags, calls take their time. Tails are right, as the port promises.
 */
export class LossyEngine extends Engine {
  readonly capabilities: EngineCapabilities = { ack: 'memory', nodes: 'many' };
  readonly node: string;
  readonly directory: Directory;
  /** Off: everything works from now on. */
  isTroubled = true;
  /** How often the log's end was asked for. */
  tails = 0;
  private readonly late: (() => void)[] = [];

  constructor(
    readonly inner: Engine,
    private readonly trouble: Trouble,
  ) {
    super();
    this.node = inner.node;
    this.directory = inner.directory;
  }

  async start(): Promise<void> {}

  append(append: Append): Promise<AppendResult> {
    return this.inner.append(append);
  }

  async read(channel: ChannelRef, after: Place | null, limit: ReadLimit): Promise<ReadResult> {
    await this.maybeSlow();
    const lags = this.goesWrong('late read');
    const read = await this.inner.read(channel, after, limit);
    await this.maybeSlow();
    return lags ? withoutNewest(read) : read;
  }

  async readBack(
    channel: ChannelRef,
    before: number | null,
    limit: ReadLimit,
  ): Promise<ReadResult> {
    await this.maybeSlow();
    return this.inner.readBack(channel, before, limit);
  }

  async positionBefore(time: number): Promise<number> {
    await this.maybeSlow();
    return this.inner.positionBefore(time);
  }

  async tail(channel: ChannelRef): Promise<Tail> {
    this.tails += 1;
    const tail = await this.inner.tail(channel);
    await this.maybeSlow();
    return tail;
  }

  channelNames(query: ChannelQuery): Promise<readonly string[]> {
    return this.inner.channelNames(query);
  }

  subscribe(channel: ChannelRef, listener: LiveListener): LiveSubscription {
    let isReady = !this.goesWrong('late ready');
    let queued: (readonly Stored[])[] = [];
    const pass = (): void => {
      const batches = queued;
      queued = [];
      for (const batch of batches) listener(batch);
    };
    const inner = this.inner.subscribe(channel, (messages) => {
      if (!isReady || this.goesWrong('drop wake')) return;
      queued.push(messages);
      if (this.goesWrong('delay wake')) this.late.push(pass);
      else pass();
    });
    const ready = isReady
      ? Promise.resolve()
      : turns(3).then(() => {
          isReady = true;
        });
    return {
      get isReady() {
        return isReady;
      },
      ready,
      close: () => {
        queued = [];
        inner.close();
      },
    };
  }

  /** What was delayed arrives. */
  passLateWakes(): void {
    for (const pass of this.late.splice(0)) pass();
  }

  journal(after: number, lines: number): Promise<JournalRead> {
    return this.inner.journal(after, lines);
  }

  stored(): Promise<readonly StoredBytes[]> {
    return this.inner.stored();
  }

  counted(counter: string): Promise<number> {
    return this.inner.counted(counter);
  }

  purge(channel: ChannelRef): Promise<void> {
    return this.inner.purge(channel);
  }

  health(): EngineHealth {
    return this.inner.health();
  }

  drain(): Promise<void> {
    return this.inner.drain();
  }

  private goesWrong(what: Parameters<Trouble['chance']>[0]): boolean {
    return this.isTroubled && this.trouble.chance(what);
  }

  private async maybeSlow(): Promise<void> {
    if (this.goesWrong('slow call')) await turns(2);
  }
}

/** A follower that has not heard of the last message yet. */
function withoutNewest(read: ReadResult): ReadResult {
  if (read.more) return read;
  return { ...read, messages: read.messages.slice(0, -1) };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
