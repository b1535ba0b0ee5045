import { LIMITS, type Problem } from '#contracts';
import { Rates } from './rates.js';
import { limitProblem } from './refusal.js';
import type { LimitClock } from './subject.js';

const NAME = 'failed_authentications_per_minute_address';
const { ceiling: MAX, window: SECONDS } = LIMITS[NAME];

/**
 * Refused credentials by address. Beyond the limit an address is told so in place of why; a good
 * credential is taken all the while, since many people share an address.
 */
export class FailedAuthentications {
  private readonly rates = new Rates();

  constructor(private readonly clock: LimitClock) {}

  /** Counts a refusal. What is to be answered: the refusal itself, or that there were too many. */
  note(address: string, refusal: Problem): Problem {
    const id = network(address);
    const now = this.clock.monotonic();
    const wait = this.rates.wait(id, 1, MAX, SECONDS * 1000, now);
    if (wait === 0) {
      this.rates.add(id, 1, MAX, SECONDS * 1000, now);
      return refusal;
    }
    return limitProblem(
      NAME,
      { max: MAX, used: MAX, resetAt: this.clock.now() + Math.ceil(wait), retryMs: wait },
      `From this address came ${MAX} requests without a valid credential within ${SECONDS} seconds.`,
    );
  }
}

/** Whoever has one address of IPv6 has a whole /64 of them. */
function network(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + rest < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
