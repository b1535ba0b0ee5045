import { randomInt } from 'node:crypto';
import { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Clock } from '#mediator';

/** Subscriptions of one key, and of all together: each is a cursor of some hundred bytes. */
const PER_KEY = 1_000;
const IN_ALL = 50_000;
/** Clients of the time keep a number in 32 bits, with a sign. */
const MAX_ID = 2 ** 31 - 1;

export interface DavSubscription {
  readonly id: number;
  readonly owner: string;
  readonly keyId: string;
  readonly channel: string;
  readonly type: string;
  lifetimeMs: number;
  expiresAt: number;
  cursor: string;
}

/** Who may use a subscription: the same key, and with tokens the same client. */
function ownerOf({ appId, keyId, clientId }: Principal): string {
  return JSON.stringify([appId, keyId, clientId]);
}

/**
 * The subscriptions that clients of WebDAV refer to by a number. They live in this process, as long as
 * they are polled: after a restart a client is told that they are gone, and subscribes anew.
 */
export class DavSubscriptions {
  private readonly byId = new Map<number, DavSubscription>();
  private readonly perKey = new Map<string, number>();
  // Numbers of another process or of before a restart should not be taken for ours.
  private last = randomInt(1, MAX_ID);

  /** @throws Problem rate_limited */
  add(
    principal: Principal,
    asked: Pick<DavSubscription, 'channel' | 'type' | 'lifetimeMs' | 'cursor'>,
    clock: Clock,
  ): DavSubscription {
    const { keyId } = principal;
    if ((this.perKey.get(keyId) ?? 0) >= PER_KEY || this.byId.size >= IN_ALL) this.sweep(clock);
    const used = this.perKey.get(keyId) ?? 0;
    const isFull = this.byId.size >= IN_ALL;
    if (used >= PER_KEY || isFull) {
      throw new Problem(
        'rate_limited',
        isFull
          ? `This server keeps ${IN_ALL} WebDAV subscriptions and takes no more. Try again shortly.`
          : `This key has ${used} WebDAV subscriptions. UNSUBSCRIBE some, or let them expire.`,
        {
          retryAfter: 60,
          limit: {
            name: 'dav_subscriptions',
            scope: isFull ? 'server' : 'key',
            max: isFull ? IN_ALL : PER_KEY,
            used: isFull ? this.byId.size : used,
            resetAt: null,
          },
        },
      );
    }
    const id = this.newId();
    const expiresAt = clock.now() + asked.lifetimeMs;
    const made = { ...asked, id, keyId, owner: ownerOf(principal), expiresAt };
    this.byId.set(id, made);
    this.perKey.set(keyId, used + 1);
    return made;
  }

  /** Null for one that is not this principal's, not of this channel, or over. Asking keeps it alive. */
  touch(
    id: number,
    principal: Principal,
    channel: string,
    clock: Clock,
    lifetimeMs?: number,
  ): DavSubscription | null {
    const found = this.byId.get(id);
    if (!found || found.owner !== ownerOf(principal) || found.channel !== channel) return null;
    if (found.expiresAt <= clock.now()) {
      this.remove(found);
      return null;
    }
    found.lifetimeMs = lifetimeMs ?? found.lifetimeMs;
    found.expiresAt = clock.now() + found.lifetimeMs;
    return found;
  }

  remove({ id, keyId }: DavSubscription): void {
    if (!this.byId.delete(id)) return;
    const left = (this.perKey.get(keyId) ?? 1) - 1;
    if (left === 0) this.perKey.delete(keyId);
    else this.perKey.set(keyId, left);
  }

  private newId(): number {
    do this.last = this.last < MAX_ID ? this.last + 1 : 1;
    while (this.byId.has(this.last));
    return this.last;
  }

  private sweep(clock: Clock): void {
    const now = clock.now();
    for (const one of this.byId.values()) if (one.expiresAt <= now) this.remove(one);
  }
}
