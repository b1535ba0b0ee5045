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
   * Takes a place; whoever took it gives it back with `release`.
   * @throws Problem rate_limited (the key's limit) or unavailable (this server is full).
   */
  take(principal: Principal): void {
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
    const used = this.byKey.get(principal.keyId) ?? 0;
    const max = principal.limits.holdsPerKey;
    if (max !== null && used >= max) {
      throw new Problem(
        'rate_limited',
        `This key has ${used} requests held, as many as its plan allows. End one, or wait until one is answered.`,
        {
          retryAfter: 1,
          limit: { name: 'holds', scope: 'key', max, used, resetAt: null },
        },
      );
    }
    this.byKey.set(principal.keyId, used + 1);
    this.total++;
    this.usage.beginHold(principal);
  }

  release(principal: Principal): void {
    const used = (this.byKey.get(principal.keyId) ?? 1) - 1;
    if (used === 0) this.byKey.delete(principal.keyId);
    else this.byKey.set(principal.keyId, used);
    this.total--;
    this.usage.endHold(principal);
  }
}
