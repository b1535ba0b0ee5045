import { LIMITS, type PlanLimitName, type RateLimitState } from '#contracts';
import type { LimitEvents } from './limit-events.js';
import { Rates } from './rates.js';
import { limitProblem } from './refusal.js';
import type { LimitClock, Subject } from './subject.js';

/** One use of a rate: by whom it is counted, and how much. */
export interface Use {
  readonly name: PlanLimitName;
  /** Whoever shares the count. */
  readonly id: string;
  readonly units: number;
  /** The channel, where that is whose limit it is. */
  readonly channel?: string;
}

/** The rates of the catalogue. Several at once are taken all or none. */
export class RateChecks {
  private readonly rates = new Map<PlanLimitName, Rates>();

  constructor(
    private readonly clock: LimitClock,
    private readonly events: LimitEvents,
  ) {}

  /** @throws Problem rate_limited; nothing is counted. */
  check(subject: Subject, uses: readonly Use[]): void {
    const now = this.clock.monotonic();
    for (const use of uses) {
      const max = subject.limits[use.name];
      if (max === undefined) continue;
      const windowMs = windowOf(use.name);
      const wait = this.of(use.name).wait(use.id, use.units, max, windowMs, now);
      if (wait > 0) throw this.refusal(subject, use, max, wait, now);
    }
  }

  /** Counts what was checked, in the same turn. */
  add(subject: Subject, uses: readonly Use[]): void {
    const now = this.clock.monotonic();
    for (const { name, id, units } of uses) {
      const max = subject.limits[name];
      if (max !== undefined) this.of(name).add(id, units, max, windowOf(name), now);
    }
  }

  /** How full each is that is set. */
  states(subject: Pick<Subject, 'limits'>, uses: readonly Use[]): RateLimitState[] {
    return uses.flatMap(({ name, id }) => {
      const max = subject.limits[name];
      if (max === undefined) return [];
      const { scope } = LIMITS[name];
      const used = this.used(name, id, max);
      const seconds = (used / max) * (windowOf(name) / 1000);
      const resetAt = new Date(this.clock.now() + seconds * 1000).toISOString();
      return [{ name, scope, max, used, resetAt: used === 0 ? null : resetAt, seconds }];
    });
  }

  used(name: PlanLimitName, id: string, max: number): number {
    return this.of(name).used(id, max, windowOf(name), this.clock.monotonic());
  }

  private of(name: PlanLimitName): Rates {
    let rates = this.rates.get(name);
    if (!rates) this.rates.set(name, (rates = new Rates()));
    return rates;
  }

  private refusal(subject: Subject, use: Use, max: number, waitMs: number, now: number) {
    const { name, id, units, channel } = use;
    const { scope, unit, window } = LIMITS[name] as { scope: string; unit: string; window: number };
    const used = this.of(name).used(id, max, windowOf(name), now);
    const resetAt = this.clock.now() + Math.ceil(waitMs);
    const { tenantId, appId, keyId, clientId } = subject;
    this.events.note({
      type: 'limit.reached',
      name,
      tenantId,
      appId: scope === 'tenant' ? null : appId,
      subject:
        scope === 'key'
          ? keyId
          : scope === 'client'
            ? clientId
            : scope === 'channel'
              ? (channel ?? null)
              : null,
      max,
      used,
      resetAt,
    });
    const what = scope === 'channel' ? `The channel ${JSON.stringify(channel)}` : `This ${scope}`;
    const per = window === 1 ? 'a second' : `in ${window} seconds`;
    return limitProblem(
      name,
      { max, used, resetAt, retryMs: waitMs },
      `${what} may have ${max} ${unit} ${per}, and ${units} more would exceed that. Nothing was stored.`,
    );
  }
}

function windowOf(name: PlanLimitName): number {
  return (LIMITS[name] as { window: number }).window * 1000;
}
