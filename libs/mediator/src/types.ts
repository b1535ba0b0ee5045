import type { From, Problem, PublishMessage } from '#contracts';
import type { ChannelRef, Engine, Retention } from '#engine';

/** Time, injected. Milliseconds since 1970 for `now`; `monotonic` never goes back. */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls back every `ms` until the returned function is called. The one timer of the mediator. */
  every(ms: number, tick: () => void): () => void;
}

/** What a hold was asked with: it ends when one of these is revoked. */
export interface HoldOwner {
  readonly appId: string;
  readonly keyId: string;
  readonly clientId: string | null;
  readonly tokenId: string | null;
  /** When the credential was issued (ms); null for a key. */
  readonly issuedAt: number | null;
}

/** How what is stored is counted. Left out: it is the platform's own, and nobody's. */
export interface Counted {
  /** Stands in the log's journal: the key behind the publish. */
  readonly label?: string | undefined;
  /** The log's counters that each stored message adds one to. */
  readonly counters?: readonly string[] | undefined;
  /** Told how many were stored. Not called where nobody can tell: they may be, or will be. */
  readonly settled?: ((stored: number) => void) | undefined;
}

export interface PublishOrder extends Counted {
  readonly app: string;
  readonly channel: string;
  readonly clientId: string | null;
  readonly messages: readonly PublishMessage[];
  readonly retention: Retention;
  /** What its one message is known by instead of its id. */
  readonly key?: string;
  /** Where replies to the message go. */
  readonly replyTo?: string;
  /** The address that the message is the reply to. */
  readonly inReplyTo?: string;
}

export interface Published {
  readonly id: string;
  readonly position: number;
  readonly timestamp: number;
  readonly duplicate: boolean;
}

export interface PublishOutcome {
  readonly messages: readonly Published[];
  /** A reader that goes on from here sees what comes after the last of them. */
  readonly cursor: string;
}

export interface SendOutcome extends PublishOutcome {
  /** Holds whose answer brought the first of the messages that were new. */
  readonly delivered: number;
}

/** Where a client is at home. */
export interface ClientHome {
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Requests held for it; null: another node knows. */
  readonly holds: number | null;
}

/** Which of an app's clients to list. */
export interface ClientPageRequest {
  readonly app: string;
  /** '': all. */
  readonly prefix: string;
  /** The client that the page before ended with; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

export interface ClientPage {
  readonly clients: readonly {
    readonly clientId: string;
    readonly node: string;
    /** Milliseconds since 1970. */
    readonly since: number;
    readonly holds: number;
    /** Position of the last message in its inbox; 0: there has been none. */
    readonly inbox: number;
  }[];
  readonly hasMore: boolean;
}

export interface RequestOrder extends Counted {
  readonly owner: HoldOwner;
  readonly channel: string;
  readonly message: PublishMessage;
  readonly retention: Retention;
  readonly waitMs: number;
  /** The asker wanted to wait longer than it may be held: it asks again when the time is over. */
  readonly isCutShort?: boolean;
}

/** The asker's end of a request. Exactly one of the two is called, once, unless it was cancelled. */
export interface RequestReceiver {
  /** @param message the reply as it goes on the wire. */
  reply(message: Buffer, request: Published): void;
  refuse(problem: Problem): void;
}

export interface ReplyOrder extends Counted {
  readonly app: string;
  readonly address: string;
  readonly clientId: string | null;
  readonly message: PublishMessage;
  readonly retention: Retention;
}

export interface Subscription {
  readonly owner: HoldOwner;
  readonly channels: readonly string[];
}

export interface ReceiveRequest {
  /** One for each credential; several may belong to one app. */
  readonly subscriptions: readonly Subscription[];
  readonly cursor: string | null;
  readonly from: From;
  /** Milliseconds to hold when there is nothing; 0: answer at once. */
  readonly waitMs: number;
  readonly limit: number;
  /** What the asker wants to see of the channels, and how; left out: everything, as it comes. */
  readonly view?: ReceiveView | undefined;
}

/**
 * A pattern is a literal, or a beginning followed by `*`. What is left out is counted in the answer's
 * proof, and the cursor goes past it.
 */
export interface ReceiveView {
  /** Stands for all the rest: equal views have equal keys. */
  readonly key: string;
  /** Names that are wanted; null: all, also none. */
  readonly names: readonly string[] | null;
  /** For each header named, the values that are wanted. */
  readonly headers: Readonly<Record<string, readonly string[]>> | null;
  /** Of the messages with equal values of this header, only the newest of each answer. */
  readonly conflate: string | null;
  /** Milliseconds from the first message to the answer, to gather more. */
  readonly windowMs: number;
}

/** What an answer hands out of one channel. */
export interface Handed {
  readonly channel: { readonly ref: ChannelRef };
  readonly messages: number;
}

/** One answer. The bytes may be shared with other receivers: never write into them. */
export interface Answer {
  readonly body: Buffer;
  readonly cursor: string;
  readonly timedOut: boolean;
  readonly messages: number;
  /** The messages by channel, those of presence too. */
  readonly counts: readonly Handed[];
  /**
   * The cursor after each message, in the body's order; made anew with each call. Null, or left out,
   * where there is none but `cursor`.
   */
  readonly cursors?: () => readonly string[] | null;
}

/** The asker's end of a hold. Exactly one of the two is called, once, unless the hold was cancelled. */
export interface Receiver {
  answer(answer: Answer): void;
  refuse(problem: Problem): void;
}

export interface Hold {
  /** The client is gone: forget it. Harmless after the hold has settled. */
  cancel(): void;
}

export interface HistoryRequest {
  readonly app: string;
  readonly channel: string;
  readonly before: number | null;
  readonly after: number | null;
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
}

export interface HistoryPage {
  readonly body: Buffer;
  /** A receive from here goes on after the newest message of the page; an empty page: after everything. */
  readonly cursor: string;
  /** Where the next page begins, in the request's order (its `before`, or `after` with oldest first); null when there is none. */
  readonly next: number | null;
}

/** Which of an app's live channels to list. */
export interface LiveChannelRequest {
  readonly app: string;
  /** '': all. */
  readonly prefix: string;
  /** The name that the page before ended with; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
  /** Channels that are live for another reason than a receiver: somebody is present. */
  readonly also: Iterable<string>;
}

export interface LiveChannel {
  readonly name: string;
  /** Requests that are held for it now, streams and members of its groups among them. */
  readonly receivers: number;
  /** Of its last message; 0: there has been none. */
  readonly position: number;
}

export interface LiveChannelPage {
  readonly channels: readonly LiveChannel[];
  readonly hasMore: boolean;
}

/** Optional counters: the mediator has no metrics library. A call must not throw. */
export interface MediatorHooks {
  settled?(
    why: 'messages' | 'timeout' | 'gone' | 'revoked' | 'drain' | 'refused',
    heldMs: number,
  ): void;
  /**
   * `messages` over all the `receivers` that one answer went to.
   * @param acceptedAt milliseconds since 1970 when the log took the first of them, where all of these
   * receivers held already when it came; 0: they did not, or it is not followed (views, replies).
   */
  delivered?(
    app: string,
    channel: string,
    messages: number,
    receivers: number,
    acceptedAt: number,
  ): void;
  /** Messages stored; a repeated id is not counted again. `label`: undefined, the platform's own. */
  published?(messages: number, app: string, label: string | undefined): void;
  /** A message came by the tail check and not by its wake: a rise means that wakes get lost. */
  backstop?(): void;
  /** A receiver threw, which it must not: its answer may not have gone out. Others are not affected. */
  fault?(error: unknown): void;
}

export interface MediatorLimits {
  /** Channels over all lists of channels that are held on, or were a minute ago. Default 1 000 000. */
  readonly channels?: number;
  /** Cursors kept so that the next poll need not verify them; each some 500 bytes. Default 8192. */
  readonly cursors?: number;
  /**
   * Milliseconds that the log may take beyond the end of a hold before the hold is answered without
   * it. Default 10 000.
   */
  readonly patienceMs?: number;
}

export interface MediatorOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** At least 32 bytes; the same on every node that serves the same apps. */
  readonly cursorSecret: Uint8Array;
  /** For messages that come without an id; must never repeat. */
  readonly newId: () => string;
  readonly hooks?: MediatorHooks;
  readonly limits?: MediatorLimits;
}
