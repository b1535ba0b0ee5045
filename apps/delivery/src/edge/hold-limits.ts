import { Problem } from '#contracts';
import type { Principal } from '#access';
import type { UsageMeter } from '../usage/usage-meter.js';

/** Counts the requests now held, by key and in all, and refuses what would exceed a limit. */
export class HoldLimits {
  private readonly byKey = new Map<string, number>();
  private total = 0;

  /** @param usage hears of every hold that begins and ends. */
  constructor(
    private readonly max: number,
    private readonly usage: Pick<UsageMeter, 'beginHold' | 'endHold'>,
  ) {}

  /**
   * Takes a place for one held request, with every key that it was asked with; whoever took it gives it
   * back with `release` and the same principals. Takes nothing when it throws.
   * @throws Problem rate_limited (a key's limit) or unavailable (this server is full).
   */
  take(...principals: readonly Principal[]): void {
    if (this.total >= this.max) {
      throw new Problem(
        'unavailable',
        `This server holds ${this.max} requests and takes no more. Try again shortly; another server may have room.`,
        {
          retryAfter: 1,
          limit: { name: 'holds', scope: 'server', max: this.max, used: this.total, resetAt: null },
        },
      );
    }
    const keys = distinctKeys(principals);
    for (const { keyId, limits } of keys) {
      const used = this.byKey.get(keyId) ?? 0;
      const max = limits.holdsPerKey;
      if (max === null || used < max) continue;
      throw new Problem(
        'rate_limited',
        `The key ${keyId} has ${used} requests held, as many as its plan allows. End one, or wait until one is answered.`,
        {
          retryAfter: 1,
          limit: { name: 'holds', scope: 'key', max, used, resetAt: null },
        },
      );
    }
    for (const { keyId } of keys) this.byKey.set(keyId, (this.byKey.get(keyId) ?? 0) + 1);
    this.total++;
    for (const principal of keys) this.usage.beginHold(principal);
  }

  release(...principals: readonly Principal[]): void {
    for (const principal of distinctKeys(principals)) {
      const { keyId } = principal;
      const used = (this.byKey.get(keyId) ?? 1) - 1;
      if (used === 0) this.byKey.delete(keyId);
      else this.byKey.set(keyId, used);
      this.usage.endHold(principal);
    }
    this.total--;
  }
}

/** Several tokens of one key hold one request together. */
function distinctKeys(principals: readonly Principal[]): readonly Principal[] {
  if (principals.length === 1) return principals;
  return [...new Map(principals.map((one) => [one.keyId, one])).values()];
}
