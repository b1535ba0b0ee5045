import { Pricing, type Plan as ShownPlan, type PlanBody, type PlanPatch } from '#contracts';
import type { Plan, Tx } from '#database';
import { BUILT_IN_PLANS } from './built-in.js';

/** Adds the built-in plans that are missing. A row that is there stays as it is, edited or not. */
export async function seedPlans(tx: Tx): Promise<void> {
  await tx.plan.createMany({
    data: BUILT_IN_PLANS.map(({ id, name, limits, pricing }) => ({
      ...{ id, name, pricing },
      limits: { ...limits },
    })),
    skipDuplicates: true,
  });
}

/** @returns false when there is a plan with this id already */
export async function createPlan(tx: Tx, body: PlanBody): Promise<boolean> {
  const { id, name, limits, pricing } = body;
  const { count } = await tx.plan.createMany({
    data: [{ id, name, limits, pricing }],
    skipDuplicates: true,
  });
  return count === 1;
}

/** New prices hold from each tenant's next period on; new limits at once. */
export function changePlan(tx: Tx, id: string, patch: PlanPatch): Promise<Plan> {
  const { name, status, limits, pricing } = patch;
  return tx.plan.update({
    where: { id },
    data: {
      ...(name === undefined ? {} : { name }),
      ...(status === undefined ? {} : { status }),
      ...(limits === undefined ? {} : { limits }),
      ...(pricing === undefined ? {} : { pricing }),
    },
  });
}

/**
 * Takes a plan out of the list. Those who have it keep it, and nobody new gets it.
 * @returns how many tenants have it; null when there is no such plan
 */
export async function retirePlan(tx: Tx, id: string): Promise<number | null> {
  const { count } = await tx.plan.updateMany({ where: { id }, data: { status: 'retired' } });
  return count === 0 ? null : tx.tenant.count({ where: { planId: id } });
}

export function shownPlan(plan: Plan): ShownPlan {
  const { id, name, status } = plan;
  return {
    ...{ id, name, status },
    limits: plan.limits as Record<string, unknown>,
    pricing: Pricing.parse(plan.pricing),
  };
}

/** Plans that a tenant may choose by itself. */
export async function publicPlans(tx: Tx): Promise<ShownPlan[]> {
  const plans = await tx.plan.findMany({
    where: { status: 'active' },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: 200,
  });
  return plans.map(shownPlan).filter(({ pricing }) => pricing.public);
}
