import { LIMITS, type PlanLimitName, Problem } from '#contracts';
import type { LimitEvents } from './limit-events.js';
import { limitProblem } from './refusal.js';
import type { QuotaSlices, Slice } from './quota-slices.js';
import type { LimitClock, Subject } from './subject.js';

const QUOTAS = ['publishes_per_day_tenant', 'publishes_per_month_tenant'] as const;
type QuotaName = (typeof QUOTAS)[number] & PlanLimitName;

/** Of a quota, from which on its owner is warned. */
const WARN_AT = 0.8;

/** Messages on their way that count against quotas. */
export interface Reservation {
  /** What the log adds one to for each message that it stores. */
  readonly counters: readonly string[];
  /**
   * How many were stored, once that is known for certain; a second call is ignored. Where it is never
   * known, all stay counted to the end of the window: it may be less than the quota, never more.
   */
  settle(stored: number): void;
}

export interface QuotaState {
  readonly name: QuotaName;
  readonly max: number;
  readonly used: number;
  readonly resetAt: number;
}

/** Months and days of UTC, half open. A quota counts from the moment it is set. */
export class Quotas {
  constructor(
    private readonly slices: QuotaSlices,
    private readonly clock: LimitClock,
    private readonly events: LimitEvents,
  ) {}

  /**
   * Null where no quota is set.
   * @throws Problem quota_exceeded; nothing is counted then.
   */
  reserve(subject: Subject, units: number): Reservation | null | Promise<Reservation> {
    const wanted = QUOTAS.filter((name) => subject.limits[name] !== undefined);
    if (wanted.length === 0) return null;
    const held = new Held(this.slices, units);
    const next = (at: number): Reservation | Promise<Reservation> => {
      for (let i = at; i < wanted.length; i++) {
        const name = wanted[i] as QuotaName;
        const counter = counterOf(name, subject.tenantId, this.clock.now());
        const slice = this.slices.take(counter, units, subject.limits[name] as number);
        if (slice instanceof Promise) {
          return slice.then(
            (given) => {
              this.keep(held, subject, name, counter, given);
              return next(i + 1);
            },
            (fault: unknown) => {
              held.settle(0);
              throw unknown(fault);
            },
          );
        }
        this.keep(held, subject, name, counter, slice);
      }
      return held;
    };
    return next(0);
  }

  /** @throws Problem quota_exceeded when `units` more would not fit now. Takes nothing. */
  check(subject: Subject, units: number): void {
    for (const { name, max, used } of this.states(subject)) {
      if (used + units > max) throw this.refusal(subject, name, max, used);
    }
  }

  /** How full each quota is that is set. */
  states({ tenantId, limits }: Pick<Subject, 'tenantId' | 'limits'>): QuotaState[] {
    const now = this.clock.now();
    return QUOTAS.flatMap((name) => {
      const max = limits[name];
      if (max === undefined) return [];
      const used = this.slices.used(counterOf(name, tenantId, now));
      // Never looked at: the first publish does.
      if (used === null) return [];
      return [{ name, max, used, resetAt: windowEnd(name, now) }];
    });
  }

  /** As `states`, and looks at what nobody has looked at yet. */
  async read(subject: Pick<Subject, 'tenantId' | 'limits'>): Promise<QuotaState[]> {
    const now = this.clock.now();
    for (const name of QUOTAS) {
      if (subject.limits[name] === undefined) continue;
      await this.slices.read(counterOf(name, subject.tenantId, now));
    }
    return this.states(subject);
  }

  private keep(held: Held, subject: Subject, name: QuotaName, counter: string, slice: Slice): void {
    const max = subject.limits[name] as number;
    const used = this.slices.used(counter) ?? 0;
    if (slice.granted === 0) {
      held.settle(0);
      throw this.refusal(subject, name, max, used);
    }
    held.counters.push(counter);
    if (used < max * WARN_AT) return;
    const resetAt = windowEnd(name, this.clock.now());
    const { tenantId } = subject;
    const whose = { tenantId, appId: null, subject: null };
    this.events.note({ type: 'limit.warning', name, ...whose, max, used, resetAt });
  }

  private refusal({ tenantId }: Subject, name: QuotaName, max: number, used: number) {
    const now = this.clock.now();
    const resetAt = windowEnd(name, now);
    const whose = { tenantId, appId: null, subject: null };
    this.events.note({ type: 'limit.reached', name, ...whose, max, used, resetAt });
    return limitProblem(
      name,
      { max, used, resetAt, retryMs: resetAt - now },
      `${used} of the ${max} messages of this ${LIMITS[name].window} are used, and these do not fit any more. Nothing was stored.`,
    );
  }
}

function unknown(cause: unknown): Problem {
  return new Problem(
    'unavailable',
    'How much of the quota is used cannot be read now. Nothing was stored. Try again shortly.',
    { retryAfter: 1 },
    cause,
  );
}

class Held implements Reservation {
  readonly counters: string[] = [];
  private isSettled = false;

  constructor(
    private readonly slices: QuotaSlices,
    private readonly units: number,
  ) {}

  settle(stored: number): void {
    if (this.isSettled) return;
    this.isSettled = true;
    for (const counter of this.counters) this.slices.settle(counter, this.units, stored);
  }
}

/** The name under which the log counts what is stored in this window. */
export function counterOf(name: QuotaName, tenantId: string, now: number): string {
  const date = new Date(now).toISOString();
  return LIMITS[name].window === 'day'
    ? `published:${tenantId}:${date.slice(0, 10)}`
    : `published:${tenantId}:${date.slice(0, 7)}`;
}

function windowEnd(name: QuotaName, now: number): number {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return LIMITS[name].window === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1);
}
