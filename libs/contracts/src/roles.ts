/** owner: all; developer: apps, keys, namespaces, webhooks; billing: plan, budgets, payment; viewer: looks. */
export const ROLES = ['owner', 'developer', 'billing', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** What a member needs to be at least: `read` is any member, `develop` a developer or owner, `bill` who pays or an owner, `own` an owner. */
export type Need = 'read' | 'develop' | 'bill' | 'own';

const MAY: Record<Role, readonly Need[]> = {
  owner: ['read', 'develop', 'bill', 'own'],
  developer: ['read', 'develop'],
  billing: ['read', 'bill'],
  viewer: ['read'],
};

export function roleMay(role: Role, need: Need): boolean {
  return MAY[role].includes(need);
}
