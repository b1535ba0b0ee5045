import { LIMITS, type LimitName } from '#contracts';

/** A limit that refused for the first time in its window, or a quota that is four fifths full. */
export interface LimitEvent {
  readonly type: 'limit.reached' | 'limit.warning';
  readonly name: LimitName;
  readonly tenantId: string;
  /** null: it is the tenant's as a whole. */
  readonly appId: string | null;
  /** The key, client or channel that reached it first; null where the scope is wider. */
  readonly subject: string | null;
  readonly max: number;
  readonly used: number;
  /** RFC 3339. */
  readonly at: string;
  readonly resetAt: string | null;
  /** The same for the same limit, owner and window, on every node and after a restart. */
  readonly key: string;
  /** How often it came about in its window so far. */
  readonly times: number;
}

export type Noted = Pick<
  LimitEvent,
  'type' | 'name' | 'tenantId' | 'appId' | 'subject' | 'max' | 'used'
> & { readonly resetAt: number | null };

const KEPT = 5_000;
const HOUR_MS = 3_600_000;

/**
 * What there is to tell of limits, for who asks now and then. A rate or a concurrent limit is told once
 * an hour for each tenant and app, a quota once in its own window, so that a flood makes one event.
 */
export class LimitEvents {
  private readonly events = new Map<string, LimitEvent & { times: number }>();

  constructor(private readonly now: () => number) {}

  note({ resetAt, ...event }: Noted): void {
    const now = this.now();
    const { type, name, appId } = event;
    const end =
      LIMITS[name].kind === 'quota' && resetAt !== null
        ? resetAt
        : (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
    const key = `${type}:${name}:${appId ?? ''}:${new Date(end).toISOString()}`;
    const at = `${event.tenantId}:${key}`;
    const known = this.events.get(at);
    if (known) {
      known.times += 1;
      return;
    }
    if (this.events.size >= KEPT) this.events.delete(this.events.keys().next().value as string);
    this.events.set(at, {
      ...event,
      at: new Date(now).toISOString(),
      resetAt: resetAt === null ? null : new Date(resetAt).toISOString(),
      ...{ key, times: 1 },
    });
  }

  /** The newest ones, oldest first. */
  list(): readonly LimitEvent[] {
    return [...this.events.values()];
  }
}
