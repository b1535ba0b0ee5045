/**
 * The engine port: the log and the bus behind one interface. Every adapter keeps these contracts and
 * passes the one conformance suite; `capabilities` alone say where adapters differ.
 */

/** A channel's identity. `app` comes from the credential, never from a request's path. */
export interface ChannelRef {
  readonly app: string;
  readonly name: string;
}

/** Which of an app's channels to name. */
export interface ChannelQuery {
  readonly app: string;
  /** Only names that begin so; '': all. */
  readonly prefix: string;
  /** The last name of the page before; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

/** How long a channel's messages are kept: by age and, if given, by count. */
export interface Retention {
  readonly seconds: number;
  readonly messages: number | null;
}

export interface AppendEntry {
  /** The message's id. With `idempotent`, an id seen in this channel in the last 24 h stores nothing. */
  readonly id: string;
  readonly idempotent: boolean;
  /** Opaque to the engine. */
  readonly payload: Uint8Array;
  /** Seconds after which this message is no longer handed out, when shorter than the retention. */
  readonly ttl?: number;
  /** Store only if the channel's last position is this (0: empty). Checked after the id. */
  readonly ifPosition?: number;
}

/** One atomic append: all entries or none, in order, with nothing in between in their channel. */
export interface Append {
  readonly channel: ChannelRef;
  readonly retention: Retention;
  readonly entries: readonly AppendEntry[];
  /** Opaque to the engine, at most 255 bytes: the journal says it beside what was stored. Default ''. */
  readonly label?: string;
  /** Each of these grows by one for each entry that is stored, in the commit that stores it. */
  readonly counters?: readonly string[];
}

export interface Appended {
  readonly position: number;
  /** Milliseconds since 1970, the engine's accept time; never smaller than the message before it. */
  readonly timestamp: number;
  /** The id was known: position and timestamp are those of the first time. */
  readonly duplicate: boolean;
}

/**
 * `ok` only once every entry is as durable as `capabilities.ack` says.
 * `definite`: nothing was stored, now or later. `indefinite`: it may be stored; retry with the same ids.
 */
export type AppendResult =
  | { readonly ok: true; readonly epoch: string; readonly entries: readonly Appended[] }
  | {
      readonly ok: false;
      readonly kind: 'definite';
      readonly code: 'position_conflict';
      readonly position: number;
    }
  | {
      readonly ok: false;
      readonly kind: 'definite';
      readonly code: 'storage_full' | 'frozen' | 'draining';
    }
  | { readonly ok: false; readonly kind: 'indefinite'; readonly code: 'disk' | 'timeout' };

/** A message as the log keeps it. Never handed out before it is durable. */
export interface Stored {
  readonly channel: ChannelRef;
  /** Grows along a channel, unique in the log, not contiguous. */
  readonly position: number;
  /** Position of the message before it in its channel, kept or not; 0: none ever. */
  readonly previous: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** A place in a channel: after the message at `position`, in the log that `epoch` names. */
export interface Place {
  readonly epoch: string;
  readonly position: number;
}

export interface ReadLimit {
  readonly messages: number;
  /** Bytes of payload; the first message is returned even if it alone is larger. */
  readonly bytes: number;
}

/**
 * `truncated`: messages after the place are no longer kept, `messages` goes on from the oldest kept.
 * `epoch_changed`: the place belongs to another log (or lies ahead of this one), likewise.
 * Inside `messages` a hole (an entry whose own ttl ran out) shows as `previous` not matching.
 */
export interface ReadResult {
  readonly status: 'ok' | 'truncated' | 'epoch_changed';
  readonly epoch: string;
  readonly messages: readonly Stored[];
  /** More were there than the limit let through. */
  readonly more: boolean;
  /** How many were lost, where the adapter can tell. */
  readonly missing?: number;
}

export interface Tail {
  readonly epoch: string;
  /** Position of the channel's last message, kept or not; 0: none ever. */
  readonly last: number;
}

/** What one commit stored in one channel under one label. */
export interface JournalLine {
  readonly channel: ChannelRef;
  readonly label: string;
  readonly timestamp: number;
  /** Position of its first message. */
  readonly first: number;
  readonly messages: number;
  /** Bytes of payload. */
  readonly bytes: number;
  /** Milliseconds since 1970 when retention by age lets go of them. */
  readonly keptUntil: number;
}

/** What the log keeps of one app under one label. */
export interface StoredBytes {
  readonly app: string;
  readonly label: string;
  /** Of payload. What retention has let go of counts until its space is given back. */
  readonly bytes: number;
}

export interface JournalRead {
  readonly epoch: string;
  /** The position that the epoch began after: what stands up to it is of the log before. */
  readonly base: number;
  /** Of whole commits, in the log's order. */
  readonly lines: readonly JournalLine[];
  /** Go on from here. The same as `after`: there was nothing. */
  readonly through: number;
  /** Everything accepted before this moment (ms since 1970) is among what was read by now; null: there is more. */
  readonly completeTo: number | null;
  /** Commits after `after` are no longer in the journal. */
  readonly truncated: boolean;
}

export interface LiveSubscription {
  /** True once nothing stored from here on can be missed by the listener (short of a lost wake). */
  readonly isReady: boolean;
  readonly ready: Promise<void>;
  close(): void;
}

/**
 * Called with every durable message of the channel, in order, all that one commit brought together.
 * At most once: an adapter over a network may lose a call, so the caller checks the `previous` chain.
 * Must not throw.
 */
export type LiveListener = (messages: readonly Stored[]) => void;

export interface EngineHealth {
  readonly ok: boolean;
  /** What is wrong and what to do, when not ok. */
  readonly fault?: string;
}

/** For the people who run it. null: there is no such thing, or it cannot be told now. */
export interface EngineFigures {
  /** Milliseconds from a commit's begin to its being as durable as `capabilities.ack` says: the last one's. */
  readonly commitMs: number | null;
  /** What the log takes on its disk. */
  readonly bytes: number | null;
  /** What is left on that disk, and with how much left publishing stops. */
  readonly freeBytes: number | null;
  readonly floorBytes: number | null;
}

const NO_FIGURES: EngineFigures = {
  ...{ commitMs: null, bytes: null, freeBytes: null, floorBytes: null },
};

export interface EngineCapabilities {
  readonly ack: 'memory' | 'local-fsync' | 'quorum-fsync';
  readonly nodes: 'one' | 'many';
}

/** Where a client's polls are held. */
export interface Home {
  readonly node: string;
  /** Milliseconds since 1970: when that node became its home. */
  readonly since: number;
}

/**
 * Which node is a client's home: soft state on the node's lease, gone with the node. An entry that is
 * lost or out of date costs latency, never a message. Claims and releases do not wait and must not throw.
 */
export abstract class Directory {
  /** This node is the client's home from now on, whoever was before; again: nothing changes. */
  abstract claim(app: string, client: string): void;

  /** This node is not its home any more. Another node's claim stays. */
  abstract release(app: string, client: string): void;

  /** Rejects when the directory cannot be asked. */
  abstract find(app: string, client: string): Promise<Home | null>;
}

export abstract class Engine {
  abstract readonly capabilities: EngineCapabilities;

  /** This node's id: unlike every other's, and another after a restart. */
  abstract readonly node: string;

  abstract readonly directory: Directory;

  abstract start(): Promise<void>;

  /** Concurrent calls share commits. Calls on one channel are stored in the order they were made. */
  abstract append(append: Append): Promise<AppendResult>;

  /** What follows `after`, oldest first. `after: null` reads from the oldest kept. */
  abstract read(channel: ChannelRef, after: Place | null, limit: ReadLimit): Promise<ReadResult>;

  /** What stands before `before` (exclusive; null: from the end), newest first. */
  abstract readBack(
    channel: ChannelRef,
    before: number | null,
    limit: ReadLimit,
  ): Promise<ReadResult>;

  /** The position after which every message of any channel has a timestamp >= `time` (ms). */
  abstract positionBefore(time: number): Promise<number>;

  /** Consistent: never older than any append acknowledged before the call. */
  abstract tail(channel: ChannelRef): Promise<Tail>;

  /** The channels that something was ever stored in, kept or not, in the order of their names' bytes. */
  abstract channelNames(query: ChannelQuery): Promise<readonly string[]>;

  abstract subscribe(channel: ChannelRef, listener: LiveListener): LiveSubscription;

  /**
   * What was stored after a position, over all channels, for those who count or forward it: every
   * durable message stands in exactly one line. Kept for a week at least, and as long as its messages.
   * @param after 0, or the `through` of an earlier read.
   * @param lines as many at most, but one whole commit at least.
   */
  abstract journal(after: number, lines: number): Promise<JournalRead>;

  /** What the log keeps now, added up. Reads the whole journal, in slices: for a sample an hour. */
  abstract stored(): Promise<readonly StoredBytes[]>;

  /** How often entries were stored under a counter's name: durable, and exact over restarts. */
  abstract counted(counter: string): Promise<number>;

  /** Removes every message of the channel. Readers behind its end are told by the broken chain. */
  abstract purge(channel: ChannelRef): Promise<void>;

  abstract health(): EngineHealth;

  /** Never rejects. */
  figures(): Promise<EngineFigures> {
    return Promise.resolve(NO_FIGURES);
  }

  /** Refuses new appends as `draining`, completes the accepted ones, closes. Idempotent. */
  abstract drain(): Promise<void>;
}
