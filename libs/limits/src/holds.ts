import { LIMIT, LIMITS, type LimitName, NO_LIMITS } from '#contracts';
import type { LimitEvents } from './limit-events.js';
import { limitProblem } from './refusal.js';
import { type Subject, within } from './subject.js';

/** What takes a place: a held request, a stream or WebSocket, a request that waits for its reply. */
export type HoldKind = 'hold' | 'stream' | 'request';

interface Count {
  holds: number;
}

interface KeyCount extends Count {
  streams: number;
  requests: number;
  /** Shared by the keys of the app, and of the tenant. */
  readonly app: Count;
  readonly tenant: Count;
}

/** Until a place may be free again. */
const RETRY_MS = 1000;

/**
 * Counts what is held now, by key, client, app, tenant and in all, and refuses what would exceed a
 * limit. One look-up a hold; clients are counted only where that is limited.
 */
export class Holds {
  private readonly byKey = new Map<string, KeyCount>();
  private readonly apps = new Map<string, Count>();
  private readonly tenants = new Map<string, Count>();
  private readonly clients = new Map<string, number>();
  private total = 0;

  /** @param max of this server. */
  constructor(
    private readonly max: number,
    private readonly events: LimitEvents,
  ) {}

  /**
   * Takes one place of the server, and one of each key that it is held with (each named once); whoever
   * took it gives it back with `release`, with the very same subjects and kind.
   * @throws Problem rate_limited, or unavailable (this server is full); no place is taken then.
   */
  take(subjects: readonly Subject[], kind: HoldKind = 'hold'): void {
    if (this.total >= this.max) {
      throw limitProblem(
        'holds_server',
        { max: this.max, used: this.total, resetAt: null, retryMs: RETRY_MS },
        `This server holds ${this.total} requests and takes no more.`,
      );
    }
    let taken = 0;
    try {
      for (const subject of subjects) {
        this.takeOne(subject, kind);
        taken += 1;
      }
    } catch (problem) {
      for (const subject of subjects.slice(0, taken)) this.releaseOne(subject, kind);
      throw problem;
    }
    this.total += 1;
  }

  release(subjects: readonly Subject[], kind: HoldKind = 'hold'): void {
    this.total -= 1;
    for (const subject of subjects) this.releaseOne(subject, kind);
  }

  private takeOne(subject: Subject, kind: HoldKind): void {
    const count = this.byKey.get(subject.keyId) ?? this.newKey(subject);
    try {
      if (subject.limits !== NO_LIMITS) this.check(subject, kind, count);
      const waiting = LIMIT.waitingRequestsPerKey;
      if (kind === 'request' && count.requests >= waiting) {
        throw this.refusal(subject, 'requests_waiting_key', waiting, count.requests);
      }
    } catch (problem) {
      this.drop(subject, count);
      throw problem;
    }
    this.add(subject, kind, count, 1);
  }

  private releaseOne(subject: Subject, kind: HoldKind): void {
    const count = this.byKey.get(subject.keyId);
    if (!count) return;
    this.add(subject, kind, count, -1);
    this.drop(subject, count);
  }

  /** Places taken; undefined where they are not counted (clients without a limit). */
  used(name: LimitName, id: string): number | undefined {
    switch (name) {
      case 'holds_key':
        return this.byKey.get(id)?.holds ?? 0;
      case 'streams_key':
        return this.byKey.get(id)?.streams ?? 0;
      case 'requests_waiting_key':
        return this.byKey.get(id)?.requests ?? 0;
      case 'holds_app':
        return this.apps.get(id)?.holds ?? 0;
      case 'holds_tenant':
        return this.tenants.get(id)?.holds ?? 0;
      case 'holds_client':
        return this.clients.get(id);
      case 'holds_server':
        return this.total;
      default:
        return undefined;
    }
  }

  /** What each app holds now; apps that hold nothing are not among them. */
  *byApp(): Iterable<readonly [app: string, holds: number]> {
    for (const [app, { holds }] of this.apps) yield [app, holds];
  }

  /** The keys that hold something now. */
  keys(): Iterable<string> {
    return this.byKey.keys();
  }

  private check(subject: Subject, kind: HoldKind, count: KeyCount): void {
    const { limits, appId, clientId } = subject;
    const full = (name: LimitName, max: number | undefined, used: number): void => {
      if (max !== undefined && used >= max) throw this.refusal(subject, name, max, used);
    };
    full('holds_key', limits.holds_key, count.holds);
    full('holds_app', limits.holds_app, count.app.holds);
    full('holds_tenant', limits.holds_tenant, count.tenant.holds);
    if (kind === 'stream') full('streams_key', limits.streams_key, count.streams);
    if (kind === 'request') {
      full('requests_waiting_key', limits.requests_waiting_key, count.requests);
    }
    if (clientId !== null && limits.holds_client !== undefined) {
      const used = this.clients.get(within(appId, clientId)) ?? 0;
      full('holds_client', limits.holds_client, used);
    }
  }

  private add(subject: Subject, kind: HoldKind, count: KeyCount, one: 1 | -1): void {
    count.holds += one;
    count.app.holds += one;
    count.tenant.holds += one;
    if (kind === 'stream') count.streams += one;
    else if (kind === 'request') count.requests += one;
    const { clientId, appId, limits } = subject;
    if (clientId === null || limits.holds_client === undefined) return;
    const id = within(appId, clientId);
    const held = (this.clients.get(id) ?? 0) + one;
    if (held > 0) this.clients.set(id, held);
    else this.clients.delete(id);
  }

  private newKey({ keyId, appId, tenantId }: Subject): KeyCount {
    const count: KeyCount = {
      holds: 0,
      streams: 0,
      requests: 0,
      app: counted(this.apps, appId),
      tenant: counted(this.tenants, tenantId),
    };
    this.byKey.set(keyId, count);
    return count;
  }

  /** What counts nothing is not kept: the maps are as large as what is held. */
  private drop({ keyId, appId, tenantId }: Subject, count: KeyCount): void {
    if (count.holds > 0) return;
    this.byKey.delete(keyId);
    // A key is here only while it holds something, so that nobody else has these counts either.
    if (count.app.holds === 0) this.apps.delete(appId);
    if (count.tenant.holds === 0) this.tenants.delete(tenantId);
  }

  private refusal(
    { appId, tenantId, keyId, clientId }: Subject,
    name: LimitName,
    max: number,
    used: number,
  ) {
    const { scope, unit } = LIMITS[name];
    this.events.note({
      type: 'limit.reached',
      name,
      tenantId,
      appId: scope === 'tenant' ? null : appId,
      subject: scope === 'key' ? keyId : scope === 'client' ? clientId : null,
      max,
      used,
      resetAt: null,
    });
    return limitProblem(
      name,
      { max, used, resetAt: null, retryMs: RETRY_MS },
      `This ${scope} has ${used} ${unit}, as many as it may have at once.`,
    );
  }
}

function counted(map: Map<string, Count>, id: string): Count {
  let count = map.get(id);
  if (!count) map.set(id, (count = { holds: 0 }));
  return count;
}
