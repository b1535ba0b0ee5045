import { Problem } from '#contracts';

/**
 * How many of each thing one tenant may have. Every delivery node keeps all of them in memory, so that
 * without a bound one tenant could take the memory of all. Counted without a lock: a few created at the
 * same moment may go over.
 */
export const ROOM = {
  apps: 1_000,
  keys: 1_000,
  namespaces: 1_000,
  revocations: 10_000,
  members: 1_000,
} as const;

/** @throws Problem quota_exceeded when there are as many as there may be */
export function requireRoom(what: keyof typeof ROOM, scope: 'tenant' | 'app', used: number): void {
  const max = ROOM[what];
  if (used < max) return;
  throw new Problem(
    'quota_exceeded',
    `This ${scope} has ${used} ${what}, and ${max} is the most. Remove some that are no longer needed.`,
    {
      // It never resets by itself: only removing makes room.
      limit: { name: what, scope, max, used, resetAt: null },
    },
  );
}
