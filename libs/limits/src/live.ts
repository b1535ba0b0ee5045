import { LIMITS, type LiveLimits, PLAN_LIMIT_NAMES, type PlanLimitName } from '#contracts';
import type { EffectiveLimits } from '#contracts';
import type { Limits } from './limits.js';

/** A tenant, as far as its limits are looked at: all its apps and keys, or one. */
export interface Whose {
  readonly tenantId: string;
  readonly limits: EffectiveLimits;
  readonly apps: readonly { readonly id: string; readonly limits: EffectiveLimits }[];
  readonly keys: readonly { readonly id: string; readonly limits: EffectiveLimits }[];
  /** Members present in an app. */
  readonly membersOf: (appId: string) => number;
}

type Live = LiveLimits['limits'][number];

/** How full each limit is now that has one owner: the tenant, or of its apps and keys the fullest. */
export async function liveLimits(limits: Limits, whose: Whose): Promise<Live[]> {
  const quotas = await limits.quotas.read(whose);
  const shown: Live[] = quotas.map(({ name, max, used, resetAt }) => {
    return { name, max, used, resetAt: new Date(resetAt).toISOString(), of: null };
  });
  const owners = {
    tenant: [{ id: whose.tenantId, limits: whose.limits }],
    app: whose.apps,
    key: whose.keys,
  };
  for (const name of PLAN_LIMIT_NAMES) {
    const { scope, kind } = LIMITS[name];
    if (kind === 'quota' || (scope !== 'tenant' && scope !== 'app' && scope !== 'key')) continue;
    const all = owners[scope].flatMap(({ id, limits: held }): Live[] => {
      const max = held[name] ?? null;
      const used = usedNow(limits, whose, name, id, max);
      if (used === null) return [];
      return [{ name, max, used, resetAt: null, of: scope === 'tenant' ? null : id }];
    });
    const fullest = all.reduce<Live | null>(fuller, null);
    if (fullest) shown.push(fullest);
  }
  return shown;
}

function usedNow(
  { holds, channels, rates }: Limits,
  { membersOf }: Whose,
  name: PlanLimitName,
  id: string,
  max: number | null,
): number | null {
  if (LIMITS[name].kind === 'rate') return max === null ? null : rates.used(name, id, max);
  if (name === 'channels_live_app') return max === null ? null : channels.used(id);
  if (name === 'presence_members_app') return membersOf(id);
  return holds.used(name, id) ?? null;
}

function fuller(most: Live | null, one: Live): Live {
  if (most === null) return one;
  const share = ({ used, max }: Live): number => (max === null ? 0 : used / max);
  if (share(one) !== share(most)) return share(one) > share(most) ? one : most;
  return one.used > most.used ? one : most;
}
