import { NO_LIMITS, type PlanLimitName } from '#contracts';
import { FailedAuthentications } from './failed-authentications.js';
import { Holds } from './holds.js';
import { LimitEvents } from './limit-events.js';
import { LiveChannels } from './live-channels.js';
import { Publishes } from './publishes.js';
import type { QuotaSlices } from './quota-slices.js';
import { Quotas } from './quotas.js';
import { RateChecks } from './rate-checks.js';
import type { LimitClock, Subject } from './subject.js';
import { Turns } from './turns.js';

export interface LimitsOptions {
  readonly clock: LimitClock;
  readonly slices: QuotaSlices;
  /** Held requests of this server. */
  readonly maxHolds: number;
}

/** Everything that one node holds its tenants to, in memory. */
export class Limits {
  readonly events: LimitEvents;
  readonly holds: Holds;
  readonly channels: LiveChannels;
  readonly publishes: Publishes;
  readonly quotas: Quotas;
  readonly rates: RateChecks;
  readonly turns = new Turns();
  readonly failures: FailedAuthentications;

  constructor({ clock, slices, maxHolds }: LimitsOptions) {
    this.events = new LimitEvents(() => clock.now());
    this.holds = new Holds(maxHolds, this.events);
    this.channels = new LiveChannels(this.events);
    this.rates = new RateChecks(clock, this.events);
    this.quotas = new Quotas(slices, clock, this.events);
    this.publishes = new Publishes(this.rates, this.quotas);
    this.failures = new FailedAuthentications(clock);
  }

  /** @throws Problem rate_limited */
  request(subject: Subject): void {
    if (subject.limits !== NO_LIMITS) this.one(subject, 'requests_per_second_key');
  }

  /** @throws Problem rate_limited */
  token(subject: Subject): void {
    if (subject.limits !== NO_LIMITS) this.one(subject, 'tokens_per_second_key');
  }

  private one(subject: Subject, name: PlanLimitName): void {
    if (subject.limits[name] === undefined) return;
    const uses = [{ name, id: subject.keyId, units: 1 }];
    this.rates.check(subject, uses);
    this.rates.add(subject, uses);
  }
}
