import { Problem } from '#contracts';
import { callerOf } from '../http/address.js';
import type { Clock } from '../data/clock.js';
import { Waits } from './waits.js';

/** Wrong passwords for one account from one address before each costs time, and for one address over all accounts. */
const FREE = { account: 5, address: 50 } as const;

/**
 * Slows down guessing: from the sixth wrong password on, an account waits 1 s, 2 s, 4 s … up to 15 minutes
 * for the address that guesses, and only for that one, so that nobody can lock somebody else out. An
 * attempt counts before its password is checked, so that many at once gain nothing.
 */
export class LoginBackoff {
  private readonly waits: Waits;

  constructor(clock: Pick<Clock, 'now'>) {
    this.waits = new Waits(clock);
  }

  /** @throws Problem rate_limited with the time to wait */
  begin(account: string, address: string): void {
    const keys = [
      { key: `${account}\n${address}`, scope: 'account' },
      { key: address, scope: 'address' },
    ] as const;
    for (const { key, scope } of keys) this.check(key, scope);
    for (const { key } of keys) this.waits.add(key);
  }

  /** The password was right: the account starts anew, and the address gets this attempt back. */
  succeed(account: string, address: string): void {
    this.waits.forget(`${account}\n${address}`);
    this.waits.takeBack(address);
  }

  /** The password could not be checked at all: the attempt does not count. */
  undo(account: string, address: string): void {
    for (const key of [`${account}\n${address}`, address]) this.waits.takeBack(key);
  }

  private check(key: string, scope: 'account' | 'address'): void {
    const wait = this.waits.until(key, FREE[scope]);
    if (wait === null) return;
    throw tooMany(
      'Too many wrong passwords from your address. Wait as long as `Retry-After` says, then try again.',
      { scope, max: FREE[scope], ...wait },
    );
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

  /**
   * The same before something that makes signing in weaker or different, for who is signed in already.
   * @throws Problem forbidden when it is not their password; rate_limited
   */
  async again(account: string, ip: string, check: () => Promise<boolean>): Promise<void> {
    await this.attempt(account, ip, async () => ((await check()) ? true : null)).catch(
      (error: unknown) => {
        const isWrong = error instanceof Problem && error.code === 'unauthenticated';
        throw isWrong ? notYourPassword() : error;
      },
    );
  }
}

function notYourPassword(): Problem {
  return new Problem('forbidden', 'This is not your password. Type it once more.', {
    errors: [{ pointer: '/password', message: 'is not your password' }],
  });
}

export function tooMany(
  detail: string,
  wait: {
    readonly scope: 'account' | 'address';
    readonly max: number;
    readonly used: number;
    readonly at: number;
    readonly seconds: number;
  },
): Problem {
  const { scope, max, used, at, seconds } = wait;
  const resetAt = new Date(at).toISOString();
  return new Problem('rate_limited', detail, {
    limit: { name: 'login_attempts', scope, max, used, resetAt },
    retryAfter: seconds,
  });
}
