import { z } from 'zod';
import { LIMITS, LIMIT_NAMES, type LimitEntry, type LimitName } from './limit-catalogue.js';

type Entries = typeof LIMITS;
/** What a plan and a tenant can set. */
export type PlanLimitName = {
  [N in LimitName]: Entries[N]['inPlan'] extends true ? N : never;
}[LimitName];
/** What a key can be held to by itself. What it shares with others is the tenant's. */
export type KeyLimitName = {
  [N in PlanLimitName]: Entries[N]['scope'] extends 'key' | 'client' | 'channel' | 'request'
    ? N
    : never;
}[PlanLimitName];

/** What the control plane counts, in its own tables; delivery counts all the rest. */
export const CONTROL_LIMIT_NAMES = [
  'apps',
  'keys',
  'namespaces',
  'revocations',
  'members',
] as const satisfies readonly PlanLimitName[];
export type ControlLimitName = (typeof CONTROL_LIMIT_NAMES)[number];

const isOfKey = ({ scope }: LimitEntry): boolean =>
  scope === 'key' || scope === 'client' || scope === 'channel' || scope === 'request';
export const PLAN_LIMIT_NAMES = LIMIT_NAMES.filter(
  (name) => LIMITS[name].inPlan,
) as PlanLimitName[];
export const KEY_LIMIT_NAMES = PLAN_LIMIT_NAMES.filter((name) =>
  isOfKey(LIMITS[name]),
) as KeyLimitName[];

/** A rate or a quota of nothing would be a ban, which has better means (rights, revocation). */
const maximum = (name: LimitName) =>
  z
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .nullable()
    .optional()
    .meta({ description: `${LIMITS[name].title}. null: no limit.` });
type Maximum = ReturnType<typeof maximum>;

const shapeOf = <N extends LimitName>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, maximum(name)])) as { [Name in N]: Maximum };

/** As it is set: null lifts what the plan says, a name that is left out says nothing. */
export const PlanLimits = z.strictObject(shapeOf(PLAN_LIMIT_NAMES));
export type PlanLimits = z.output<typeof PlanLimits>;

/** A key's own limits. They narrow the tenant's and never widen them. */
export const KeyLimits = z.strictObject(shapeOf(KEY_LIMIT_NAMES));
export type KeyLimits = z.output<typeof KeyLimits>;

/** As it is read: a name of another version is no fault. */
export const StoredLimits = z.object(shapeOf(PLAN_LIMIT_NAMES));

/** What holds for one credential: a name that is not there is not limited. */
export type EffectiveLimits = { readonly [N in PlanLimitName]?: number };

/** The one object of all who have no limits, so that a glance tells. */
export const NO_LIMITS: EffectiveLimits = Object.freeze({});

/** The plan's, with what the tenant's own say put before it. */
export function tenantLimits(plan: PlanLimits | null, own: PlanLimits): EffectiveLimits {
  return effective((name) => (own[name] === undefined ? plan?.[name] : own[name]));
}

/** The tenant's, narrowed by the key's own. */
export function keyLimits(tenant: EffectiveLimits, own: KeyLimits | undefined): EffectiveLimits {
  if (own === undefined) return tenant;
  const narrower: PlanLimits = own;
  return effective((name) => {
    const mine = narrower[name] ?? undefined;
    const theirs = tenant[name];
    if (mine === undefined || theirs === undefined) return mine ?? theirs;
    return Math.min(mine, theirs);
  });
}

function effective(of: (name: PlanLimitName) => number | null | undefined): EffectiveLimits {
  const limits: { -readonly [N in PlanLimitName]?: number } = {};
  for (const name of PLAN_LIMIT_NAMES) {
    const max = of(name) ?? undefined;
    if (max !== undefined) limits[name] = max;
  }
  return Object.keys(limits).length === 0 ? NO_LIMITS : Object.freeze(limits);
}
