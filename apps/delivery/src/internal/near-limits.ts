import type { NearLimits, PlanLimitName } from '#contracts';
import type { AccessStore } from '#access';
import type { Limits } from '#limits';
import type { Presence } from '#mediator';

/** From which share on a place that is taken counts as nearly the last. */
const NEAR = 0.8;
const SHOWN = 500;

export interface NearParts {
  readonly limits: Pick<Limits, 'holds' | 'channels'>;
  readonly store: Pick<AccessStore, 'app' | 'key' | 'limits'>;
  readonly presence: Pick<Presence, 'membersOf'>;
}

type Near = NearLimits['limits'][number];

/** What is nearly full now, the fullest first. Looks at those alone who hold something. */
export function nearLimits(parts: NearParts): Near[] {
  return [...inUse(parts)]
    .filter(({ used, max }) => used >= max * NEAR)
    .sort((a, b) => b.used / b.max - a.used / a.max)
    .slice(0, SHOWN);
}

function* inUse({ limits: { holds, channels }, store, presence }: NearParts): Iterable<Near> {
  const tenants = new Set<string>();
  for (const [appId, held] of holds.byApp()) {
    const app = store.app(appId);
    if (!app) continue;
    const { tenantId } = app;
    const all = store.limits(app, undefined);
    const one = (name: PlanLimitName, used: number, of: string | null) =>
      whenLimited(all[name], { name, tenantId, appId: of, subject: null, used });
    yield* one('holds_app', held, appId);
    yield* one('channels_live_app', channels.used(appId), appId);
    yield* one('presence_members_app', presence.membersOf(appId), appId);
    if (tenants.has(tenantId)) continue;
    tenants.add(tenantId);
    yield* one('holds_tenant', holds.used('holds_tenant', tenantId) ?? 0, null);
  }
  for (const keyId of holds.keys()) {
    const key = store.key(keyId);
    const app = key && store.app(key.appId);
    if (!app) continue;
    const all = store.limits(app, key);
    for (const name of ['holds_key', 'streams_key', 'requests_waiting_key'] as const) {
      const whose = { tenantId: app.tenantId, appId: app.id, subject: keyId };
      yield* whenLimited(all[name], { name, ...whose, used: holds.used(name, keyId) ?? 0 });
    }
  }
}

function whenLimited(max: number | undefined, near: Omit<Near, 'max'>): Near[] {
  return max === undefined || near.used === 0 ? [] : [{ ...near, max }];
}
