import { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Clock } from '#mediator';

const KEYS_KEPT = 50_000;

/**
 * Messages a second by key, as a plan may limit them: the generic cell rate algorithm (ITU-T I.371),
 * with one second's worth as the burst. One number per key, no timer.
 */
export class PublishRate {
  /** Key id → the time (ms) at which its next message would be exactly on time. */
  private readonly due = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** @throws Problem rate_limited; nothing is counted then. */
  take(principal: Principal, messages: number): void {
    const max = principal.limits.publishesPerSecondPerKey;
    if (max === null) return;
    const now = this.clock.now();
    const due = Math.max(now, this.due.get(principal.keyId) ?? 0);
    const next = due + (messages * 1000) / max;
    // A batch larger than one second's worth passes when the key is idle, and is paid off afterwards.
    if (next - now > 1000 && due > now) {
      const resetAt = Math.ceil(next - 1000);
      throw new Problem(
        'rate_limited',
        `This key may publish ${max} messages a second. Send these again when Retry-After is over.`,
        {
          retryAfter: Math.max(1, (resetAt - now) / 1000),
          limit: {
            name: 'publishes_per_second',
            scope: 'key',
            max,
            used: Math.min(max, Math.ceil(((due - now) / 1000) * max)),
            resetAt: new Date(resetAt).toISOString(),
          },
        },
      );
    }
    if (this.due.size >= KEYS_KEPT) this.due.clear();
    this.due.set(principal.keyId, next);
  }
}
