import type { Engine } from '#engine';
import type { Clock, HoldOwner } from '../types.js';

/** Somebody is there: who says so, and what is to be known of them. */
export interface PresenceEntry {
  readonly owner: HoldOwner;
  readonly channel: string;
  readonly clientId: string;
  /** JSON text. */
  readonly data: string;
  /** Members that there may be, where that is fewer than this node takes. */
  readonly room?: PresenceRoom | undefined;
}

export interface PresenceRoom {
  readonly channelMembers?: number | undefined;
  readonly appMembers?: number | undefined;
}

export interface PresencePut {
  /** Milliseconds since 1970: when the member came. */
  readonly since: number;
  /** Milliseconds since 1970: when it leaves unless it is put again. */
  readonly expiresAt: number;
}

export interface PresenceListRequest {
  readonly app: string;
  readonly channel: string;
  /** The client id that the page before ended with; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

export interface PresencePage {
  readonly body: string;
  /** The `after` of the next page; null when this is the last. */
  readonly next: string | null;
}

/** What one held poll keeps present. */
export interface Attendance {
  /**
   * The poll has settled: whoever does not poll again within the grace leaves. `atOnce` for a poll that
   * was refused: then whom it alone brought in leaves now.
   */
  end(atOnce: boolean): void;
}

export interface PresenceLimits {
  /** Members of one channel. Default 20 000. */
  readonly channelMembers?: number;
  /** Members over all channels of an app. Default 200 000. */
  readonly appMembers?: number;
  /** Characters of data over all members of this node. Default 128 Mi. */
  readonly dataChars?: number;
  /** Channels with members, or watched a while ago. Default 1 000 000. */
  readonly channels?: number;
}

export interface PresenceOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** For the changes as they are stored; must never repeat. */
  readonly newId: () => string;
  readonly limits?: PresenceLimits;
}
