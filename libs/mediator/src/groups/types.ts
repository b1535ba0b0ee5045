import type { From, Problem } from '#contracts';
import type { HoldOwner } from '../types.js';

/** A group's identity. `app` comes from the credential. */
export interface GroupRef {
  readonly app: string;
  readonly channel: string;
  readonly group: string;
}

export interface GroupSettings {
  /** Where it began, in the words of whoever created it. */
  readonly from: string;
  /** Seconds. */
  readonly visibility: number;
  /** 0: no limit. */
  readonly maxAttempts: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface GroupOrder {
  readonly from: { readonly text: string; readonly from: From } | null;
  readonly visibility: number | null;
  readonly maxAttempts: number | null;
  /** Groups that the channel may have; left out: as many as any channel. */
  readonly maxGroups?: number;
}

export interface GroupReport extends GroupSettings {
  readonly group: string;
  /** Messages that wait to be handed out. */
  readonly lag: number;
  /** There are more than `lag`. */
  readonly lagIsMore: boolean;
  /** Of the lag, messages that were handed out before and come again. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly deadLetters: number;
  readonly members: number;
}

/** Which of an app's groups to report on. */
export interface GroupQuery {
  readonly app: string;
  /** Those of this channel alone; null: of all. */
  readonly channel: string | null;
  /** The group that the page before ended with; null: from the first. */
  readonly after: Omit<GroupRef, 'app'> | null;
  readonly limit: number;
}

export interface GroupPage {
  readonly groups: readonly (GroupReport & { readonly channel: string })[];
  /** Where the next page begins; null: there is none. A page can be shorter than its limit. */
  readonly next: Omit<GroupRef, 'app'> | null;
}

export interface MemberRequest {
  readonly ref: GroupRef;
  readonly owner: HoldOwner;
  /** Milliseconds to hold when there is nothing; 0: answer at once. */
  readonly waitMs: number;
  readonly limit: number;
  /** Seconds; null: the group's. */
  readonly visibility: number | null;
}

export interface MemberAnswer {
  readonly body: Buffer;
  readonly messages: number;
  /** Those of them that nobody was handed before. */
  readonly fresh: number;
}

/** The member's end of a hold. Exactly one of the two is called, once, unless it was cancelled before. */
export interface MemberReceiver {
  answer(answer: MemberAnswer): void;
  refuse(problem: Problem): void;
}

export interface MemberHold {
  /**
   * The member is gone before its answer was written: what it was to get is there for others at once.
   * Also after `answer` was called, as long as its bytes have not gone out.
   */
  cancel(): void;
}

/** What somebody says became of messages. */
export interface AckOrder {
  readonly ack: readonly string[];
  readonly nack: readonly string[];
  readonly extend: readonly { readonly ackId: string; readonly visibility: number | null }[];
}

export interface DeadPage {
  readonly body: Buffer;
  /** The `after` of the next page; null: there is none. */
  readonly next: number | null;
}
