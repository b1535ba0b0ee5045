import { LIMITS, type ControlLimitName } from '#contracts';
import type { Tx } from '#database';
import { limitProblem } from '#limits';
import { limitsOf, WITH_LIMITS } from './tenant-limits.js';

/**
 * Room for one more, until the transaction ends: who else wants room of the same tenant waits until
 * then, so that two created at the same moment cannot both take the last place.
 * @throws Problem quota_exceeded when there are as many as there may be
 */
export async function requireRoom(
  tx: Tx,
  tenantId: string,
  what: ControlLimitName,
  count: () => Promise<number>,
): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`room:${what}:${tenantId}`}, 0))`;
  const [used, max] = [await count(), await roomFor(tx, tenantId, what)];
  if (used < max) return;
  const { scope } = LIMITS[what];
  throw limitProblem(
    what,
    { max, used, resetAt: null, retryMs: null },
    `This ${scope} has ${used} ${what}, and ${max} is the most.`,
  );
}

/** The most of it that the tenant may have. */
async function roomFor(tx: Tx, tenantId: string, what: ControlLimitName): Promise<number> {
  const tenant = await tx.tenant.findUniqueOrThrow({
    where: { id: tenantId },
    select: WITH_LIMITS,
  });
  const { ceiling } = LIMITS[what];
  return Math.min(limitsOf(tenant)[what] ?? ceiling, ceiling);
}
