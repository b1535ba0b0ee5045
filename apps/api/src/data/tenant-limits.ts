import { StoredLimits, tenantLimits, type EffectiveLimits } from '#contracts';

/** What of a tenant's row its limits are worked out from. */
export const WITH_LIMITS = { limits: true, plan: { select: { limits: true } } } as const;

/** Of the plan and the tenant together, as rows have them. */
export function limitsOf(tenant: {
  readonly limits: unknown;
  readonly plan: { readonly limits: unknown } | null;
}): EffectiveLimits {
  const plan = tenant.plan && StoredLimits.parse(tenant.plan.limits);
  return tenantLimits(plan, StoredLimits.parse(tenant.limits));
}
