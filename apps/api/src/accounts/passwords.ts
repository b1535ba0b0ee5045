import { hash, verify } from '@node-rs/argon2';
import { Problem } from '#contracts';

/** argon2id, 19 MiB, two passes, one lane: OWASP's baseline. */
const COST = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** In place of a hash, of who signs in through another provider alone: no password matches it. */
export const NO_PASSWORD = 'none';

const AT_ONCE = 2;
/** Waiting longer than these take would outlast the client's patience. */
const WAITING = 64;

/** Hashes people's passwords, few at once: each takes 19 MiB and a core, and anybody may ask for one. */
export class Passwords {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private decoy: Promise<string> | null = null;

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, COST));
  }

  /** Without a stored hash, or where there is no password, it takes the same time and is false, so that time does not tell who has an account. */
  async matches(password: string, stored: string | null): Promise<boolean> {
    const known = stored === NO_PASSWORD ? null : stored;
    const against = known ?? (await this.decoyHash());
    const same = await this.inTurn(() => verify(against, password));
    return same && known !== null;
  }

  private decoyHash(): Promise<string> {
    this.decoy ??= this.hash('no such account').catch((error: unknown) => {
      // Refused because too many waited: the next one tries again.
      this.decoy = null;
      throw error;
    });
    return this.decoy;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) {
      if (this.queue.length >= WAITING) {
        throw new Problem(
          'unavailable',
          'Too many sign-ins at this moment. Try again in a few seconds.',
          { retryAfter: 5 },
        );
      }
      // Whoever ends hands its place over, so that nobody who comes later slips in between.
      await new Promise<void>((resolve) => this.queue.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.running--;
    }
  }
}
