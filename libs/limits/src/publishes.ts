import { LIMITS, NO_LIMITS, type RateLimitState } from '#contracts';
import type { Quotas, Reservation } from './quotas.js';
import type { RateChecks, Use } from './rate-checks.js';
import { limitProblem } from './refusal.js';
import { type Subject, within } from './subject.js';

/** What one request publishes to one channel. */
export interface Publish {
  readonly channel: string;
  readonly messages: number;
  readonly bytes: number;
  /** To an inbox. */
  readonly isDirect?: boolean;
}

/** Holds publishes to their rates and quotas. For who has no limits each call is one comparison. */
export class Publishes {
  constructor(
    private readonly rates: RateChecks,
    private readonly quotas: Quotas,
  ) {}

  /**
   * Before the body is read: refuses what not even one message could pass.
   * @param channel null where the body names the channels.
   * @throws Problem rate_limited, quota_exceeded; nothing is counted.
   */
  foresee(subject: Subject, channel: string | null, isDirect = false): void {
    if (subject.limits === NO_LIMITS) return;
    this.rates.check(subject, usesOf(subject, { channel, messages: 1, bytes: 1, isDirect }));
    this.quotas.check(subject, 1);
  }

  /**
   * Counts a publish. Null where no quota is set: then there is nothing to settle.
   * @throws Problem rate_limited, quota_exceeded; nothing is counted then.
   */
  take(subject: Subject, publish: Publish): Reservation | null | Promise<Reservation | null> {
    if (subject.limits === NO_LIMITS) return null;
    const uses = usesOf(subject, publish);
    this.rates.check(subject, uses);
    const reserved = this.quotas.reserve(subject, publish.messages);
    if (!(reserved instanceof Promise)) {
      this.rates.add(subject, uses);
      return reserved;
    }
    return reserved.then((reservation) => {
      this.rates.add(subject, uses);
      return reservation;
    });
  }

  /**
   * What `take` would say, without counting.
   * @param before what the same request publishes besides.
   * @throws Problem rate_limited, quota_exceeded
   */
  preview(subject: Subject, publish: Publish, before = { messages: 0, bytes: 0 }): void {
    if (subject.limits === NO_LIMITS) return;
    const uses = usesOf(subject, publish).map((use) =>
      use.channel === undefined ? { ...use, units: use.units + extra(use, before) } : use,
    );
    this.rates.check(subject, uses);
    this.quotas.check(subject, publish.messages + before.messages);
  }

  /** How full the limits are that a publish to this channel counts against. */
  states(subject: Subject, channel: string | null, isDirect = false): RateLimitState[] {
    if (subject.limits === NO_LIMITS) return [];
    const uses = usesOf(subject, { channel, messages: 1, bytes: 1, isDirect });
    const quotas = this.quotas.states(subject).map(({ resetAt, ...quota }) => ({
      ...quota,
      scope: LIMITS[quota.name].scope,
      resetAt: new Date(resetAt).toISOString(),
      seconds: null,
    }));
    return [...this.rates.states(subject, uses), ...quotas];
  }

  /** The one of them that is nearest to its end. */
  tightest(subject: Subject, channel: string | null, isDirect = false): RateLimitState | null {
    const states = this.states(subject, channel, isDirect);
    return states.reduce<RateLimitState | null>(
      (most, state) =>
        most === null || state.used / state.max > most.used / most.max ? state : most,
      null,
    );
  }
}

/** @throws Problem message_too_large: more messages than may go in one request */
export function checkBatch({ limits }: Pick<Subject, 'limits'>, messages: number): void {
  const max = limits.batch_messages;
  if (max === undefined || messages <= max) return;
  throw limitProblem(
    'batch_messages',
    { max, used: messages, resetAt: null, retryMs: null },
    `The request has ${messages} messages; ${max} may go in one. Nothing was stored.`,
  );
}

function extra({ name }: Use, before: { messages: number; bytes: number }): number {
  return LIMITS[name].unit === 'bytes' ? before.bytes : before.messages;
}

function usesOf(
  { keyId, appId, clientId, tenantId, limits }: Subject,
  { channel, messages, bytes, isDirect }: Omit<Publish, 'channel'> & { channel: string | null },
): Use[] {
  const uses: Use[] = [];
  const count = (name: Use['name'], id: string, units: number): void => {
    if (limits[name] !== undefined) uses.push({ name, id, units });
  };
  count('publishes_per_second_key', keyId, messages);
  if (channel !== null && limits.publishes_per_second_channel !== undefined) {
    const id = within(appId, channel);
    uses.push({ name: 'publishes_per_second_channel', id, units: messages, channel });
  }
  if (clientId !== null) {
    const id = within(appId, clientId);
    count('publishes_per_second_client', id, messages);
    if (isDirect) count('direct_messages_per_second_client', id, messages);
  }
  count('publishes_per_second_tenant', tenantId, messages);
  count('publish_bytes_per_second_tenant', tenantId, bytes);
  return uses;
}
