import type { AppendEntry, AppendResult, ChannelRef, Engine, Stored } from '#engine';
import type { Deadlines } from '../deadlines.js';
import { JOURNAL_RETENTION, SNAPSHOT_EVERY } from './group-names.js';
import type { GroupEvent, GroupSnapshot } from './group-state.js';
import { logFault, notNoted } from './problems.js';

type JournalEntry =
  | { readonly v: 1; readonly events: readonly GroupEvent[] }
  | { readonly v: 1; readonly snapshot: GroupSnapshot }
  | { readonly v: 1; readonly deleted: true };

const PAGE = { messages: 200, bytes: 4 * 1024 * 1024 };
/** Bytes of events after which a snapshot is written early, so that recovery stays short. */
const SNAPSHOT_BYTES = 2 * 1024 * 1024;
/** Milliseconds between attempts to read from somebody who knows the whole log. */
const PATIENCE: readonly number[] = [50, 100, 200, 400];

/** What a journal tells about its group. */
export interface Recovered {
  readonly snapshot: GroupSnapshot;
  /** What happened since. */
  readonly events: readonly GroupEvent[];
  /** Position of the journal's newest entry. */
  readonly last: number;
  /** Entries since the snapshot. */
  readonly entries: number;
  /** False: entries in between are gone (a damaged disk), so what they said is not known. */
  readonly isWhole: boolean;
}

export interface JournalOptions {
  readonly engine: Engine;
  readonly ref: ChannelRef;
  /** Position of the newest entry; whoever appends after another one has done so is refused by the log. */
  readonly last: number;
  readonly entries: number;
  /** The state with every event that was written so far. */
  readonly snapshot: () => GroupSnapshot;
}

/**
 * A group's events in the log, one append at a time: what is written meanwhile goes into the next. Each
 * append names the one before it (`ifPosition`), so of two that take themselves for the owner of a
 * group one is refused before it has answered anybody.
 */
export class GroupJournal {
  private queue: GroupEvent[] = [];
  private batch: Promise<void> | null = null;
  private running: Promise<void> = Promise.resolve();
  private last: number;
  private entries: number;
  private bytes = 0;
  private open = 0;
  /** What came after an event that was not noted must not be noted either. */
  private fault: Error | null = null;

  constructor(private readonly o: JournalOptions) {
    this.last = o.last;
    this.entries = o.entries;
  }

  get isIdle(): boolean {
    return this.open === 0;
  }

  /** Resolves when the event is durable. After a rejection the group has to be recovered anew. */
  write(event: GroupEvent): Promise<void> {
    this.queue.push(event);
    return this.soon();
  }

  /** Everything that was written before is durable. */
  settled(): Promise<void> {
    return this.running;
  }

  /** The last entry: from now on there is no such group. */
  async end(): Promise<void> {
    await this.running;
    await this.append([{ v: 1, deleted: true }]);
  }

  private soon(): Promise<void> {
    if (this.batch) return this.batch;
    this.open += 1;
    const batch = this.running.then(() => this.flush());
    this.batch = batch;
    this.running = batch.then(
      () => void (this.open -= 1),
      () => void (this.open -= 1),
    );
    return batch;
  }

  private flush(): Promise<void> {
    const events = this.queue;
    this.queue = [];
    this.batch = null;
    const entries: JournalEntry[] = [{ v: 1, events }];
    if (this.entries >= SNAPSHOT_EVERY || this.bytes >= SNAPSHOT_BYTES) {
      entries.push({ v: 1, snapshot: this.o.snapshot() });
    }
    return this.append(entries);
  }

  private async append(entries: readonly JournalEntry[]): Promise<void> {
    const { engine, ref } = this.o;
    if (this.fault) throw this.fault;
    const drafts = entries.map((entry, i) => draft(entry, i === 0 ? this.last : undefined));
    let result: AppendResult;
    try {
      result = await engine.append({
        channel: ref,
        retention: JOURNAL_RETENTION,
        entries: drafts,
      });
    } catch (fault) {
      throw (this.fault = logFault(fault));
    }
    if (!result.ok) throw (this.fault = notNoted(result));
    this.last = result.entries.at(-1)!.position;
    const isFresh = entries.length > 1;
    this.entries = isFresh ? 0 : this.entries + 1;
    this.bytes = isFresh ? 0 : this.bytes + drafts[0]!.payload.length;
  }
}

/** Writes the first entry of a group. Returns its position. */
export async function beginJournal(
  engine: Engine,
  ref: ChannelRef,
  snapshot: GroupSnapshot,
): Promise<number> {
  const { last } = await engine.tail(ref);
  const entries = [draft({ v: 1, snapshot }, last)];
  const result = await engine.append({ channel: ref, retention: JOURNAL_RETENTION, entries });
  if (!result.ok) throw notNoted(result);
  return result.entries[0]!.position;
}

/** Null when there is no such group. */
export async function recoverJournal(
  engine: Engine,
  ref: ChannelRef,
  deadlines: Deadlines,
): Promise<Recovered | null> {
  const tail = await engine.tail(ref);
  if (tail.last === 0) return null;
  for (const pause of engine.capabilities.nodes === 'one' ? [] : PATIENCE) {
    const page = await engine.readBack(ref, null, { messages: 1, bytes: PAGE.bytes });
    if (page.messages[0]?.position === tail.last) break;
    await deadlines.sleep(pause);
  }
  return readJournal(engine, ref);
}

async function readJournal(engine: Engine, ref: ChannelRef): Promise<Recovered | null> {
  const later: (readonly GroupEvent[])[] = [];
  let before: number | null = null;
  let newer: Stored | null = null;
  let last = 0;
  let isWhole = true;
  for (;;) {
    const page = await engine.readBack(ref, before, PAGE);
    if (page.status !== 'ok') isWhole = false;
    for (const stored of page.messages) {
      if (newer === null) last = stored.position;
      else if (newer.previous !== stored.position) isWhole = false;
      newer = stored;
      const entry = JSON.parse(Buffer.from(stored.payload).toString()) as JournalEntry;
      if ('deleted' in entry) return null;
      if ('snapshot' in entry) {
        const events = later.reverse().flat();
        return { snapshot: entry.snapshot, events, last, entries: later.length, isWhole };
      }
      later.push(entry.events);
    }
    // Without a snapshot there is nothing that the events could be applied to: it has aged away.
    if (!page.more || page.messages.length === 0) return null;
    before = page.messages.at(-1)!.position;
  }
}

function draft(entry: JournalEntry, ifPosition?: number): AppendEntry {
  const payload = Buffer.from(JSON.stringify(entry));
  return {
    id: '',
    idempotent: false,
    payload,
    ...(ifPosition === undefined ? {} : { ifPosition }),
  };
}
