import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { pathKey } from './path-key.js';
import type { Path } from './path-holds.js';
import type { HoldTime } from './receive.route.js';

/** A hold that was answered later than this share of its time was not cut short. */
const WHOLE = 0.95;

/** The path of a hold, where something is known of it, and how long the hold may last there. */
export interface HeldPath {
  readonly path: Path;
  readonly hold: HoldTime;
  readonly isTrial: boolean;
}

/** Null, without a look at the request, as long as no path has cut anything. */
export function heldPath(
  { paths, clock }: EdgeContext,
  exchange: Exchange,
  { appId }: Principal,
  hold: HoldTime,
): HeldPath | null {
  if (paths.isEmpty || hold.seconds === 0) return null;
  const path = paths.find(pathKey(exchange, appId));
  if (!path) return null;
  const limit = path.limit(hold.seconds * 1000, clock.monotonic());
  if (!limit) return { path, hold, isTrial: false };
  // In tenths, so that what is said is what is done.
  const seconds = Math.floor(limit.ms / 100) / 10;
  return { path, hold: { seconds, reason: 'path' }, isTrial: limit.isTrial };
}

/** The connection of a hold ended before its answer: the path may have cut it. */
export function noteCut(
  { paths, clock }: EdgeContext,
  exchange: Exchange,
  { appId }: Principal,
  { hold, since, isTrial }: { hold: HoldTime; since: number; isTrial: boolean },
): void {
  const now = clock.monotonic();
  const age = now - since;
  if (since === 0 || age > hold.seconds * 1000 * WHOLE) return;
  paths.note(pathKey(exchange, appId)).cut(age, now, isTrial);
}
