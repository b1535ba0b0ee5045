import { Problem } from '#contracts';
import { callerOf } from '../http/address.js';
import type { Clock } from '../data/clock.js';

interface Attempts {
  /** In a row, none of them right. */
  count: number;
  last: number;
}

/** Wrong passwords for one account from one address before each costs time, and for one address over all accounts. */
const FREE = { account: 5, address: 50 } as const;
const LONGEST_MS = 15 * 60_000;
/** Each entry takes about 200 bytes; the oldest make room. */
const REMEMBERED = 20_000;

/**
 * Slows down guessing: from the sixth wrong password on, an account waits 1 s, 2 s, 4 s … up to 15 minutes
 * for the address that guesses, and only for that one, so that nobody can lock somebody else out. An
 * attempt counts before its password is checked, so that many at once gain nothing.
 */
export class LoginBackoff {
  private readonly attempts = new Map<string, Attempts>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** @throws Problem rate_limited with the time to wait */
  begin(account: string, address: string): void {
    const now = this.clock.now();
    const keys = [
      { key: `${account}\n${address}`, scope: 'account' },
      { key: address, scope: 'address' },
    ] as const;
    for (const { key, scope } of keys) this.check(key, scope, now);
    for (const { key } of keys) this.add(key, now);
  }

  /** The password was right: the account starts anew, and the address gets this attempt back. */
  succeed(account: string, address: string): void {
    this.attempts.delete(`${account}\n${address}`);
    this.takeBack(address);
  }

  /** The password could not be checked at all: the attempt does not count. */
  undo(account: string, address: string): void {
    for (const key of [`${account}\n${address}`, address]) this.takeBack(key);
  }

  private takeBack(key: string): void {
    const known = this.attempts.get(key);
    if (known && --known.count <= 0) this.attempts.delete(key);
  }

  private check(key: string, scope: 'account' | 'address', now: number): void {
    const known = this.attempts.get(key);
    if (!known) return;
    const over = known.count - FREE[scope];
    const waitMs = over < 0 ? 0 : Math.min(1000 * 2 ** over, LONGEST_MS);
    const freeAt = known.last + waitMs;
    if (freeAt <= now) {
      if (now - known.last > LONGEST_MS) this.attempts.delete(key);
      return;
    }
    throw new Problem(
      'rate_limited',
      'Too many wrong passwords from your address. Wait as long as `Retry-After` says, then try again.',
      {
        limit: {
          name: 'login_attempts',
          scope,
          max: FREE[scope],
          used: known.count,
          resetAt: new Date(freeAt).toISOString(),
        },
        retryAfter: Math.ceil((freeAt - now) / 1000),
      },
    );
  }

  private add(key: string, now: number): void {
    const known = this.attempts.get(key) ?? { count: 0, last: now };
    // Set anew, so that the map's order is by last attempt and the first entry is the oldest.
    this.attempts.delete(key);
    this.attempts.set(key, { count: known.count + 1, last: now });
    if (this.attempts.size > REMEMBERED) {
      const [oldest] = this.attempts.keys();
      if (oldest !== undefined) this.attempts.delete(oldest);
    }
  }

  /**
   * Counts and checks one attempt. `check` finds whose password it is, or null when it is wrong.
   * @throws Problem rate_limited, or unauthenticated: the same for an unknown account and a wrong password
   */
  async attempt<T>(account: string, ip: string, check: () => Promise<T | null>): Promise<T> {
    const address = callerOf(ip);
    this.begin(account, address);
    let found: T | null;
    try {
      found = await check();
    } catch (error) {
      this.undo(account, address);
      throw error;
    }
    if (found === null) {
      throw new Problem(
        'unauthenticated',
        'The e-mail address or the password is wrong, or the code that came with them. Check them and try again.',
      );
    }
    this.succeed(account, address);
    return found;
  }
}
