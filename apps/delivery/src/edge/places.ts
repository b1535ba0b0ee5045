import type { Spend } from '#contracts';
import type { Principal } from '#access';
import { checkSpend, type HoldKind, limitProblem } from '#limits';
import type { EdgeContext } from './context.js';

/** What one credential of a receive reads. */
export interface Place {
  readonly principal: Principal;
  readonly channels: readonly string[];
}

export function placesOf(
  readers: readonly { readonly principal: Principal }[],
  subscriptions: readonly { readonly channels: readonly string[] }[],
): readonly Place[] {
  return readers.map(({ principal }, i) => ({
    principal,
    channels: subscriptions[i]?.channels ?? [],
  }));
}

/** The budget that shapes a receive: that of the first reader who is over it. */
export function spendOf(places: readonly Place[]): Spend | undefined {
  return places.find(({ principal }) => principal.spend?.state === 'degrade')?.principal.spend;
}

/** `part`: of a connection that has a place already. */
export type PlaceKind = HoldKind | 'part';

/**
 * Takes what a receive needs of the limits: its channels, and one place for all its credentials; given
 * back with `leavePlaces`, with the same places and kind.
 * @throws Problem spend_cap_reached, invalid_request (too many channels), rate_limited, unavailable;
 * nothing is taken then.
 */
export function takePlaces(
  { limits, streams, usage }: EdgeContext,
  places: readonly Place[],
  kind: PlaceKind,
): void {
  const total = places.reduce((sum, { channels }) => sum + channels.length, 0);
  for (const { principal } of places) {
    checkSpend(streams.spend(principal));
    checkChannels(principal, total);
  }
  let taken = 0;
  try {
    for (const { principal, channels } of places) {
      limits.channels.take(principal, channels);
      taken += 1;
    }
    if (kind !== 'part') limits.holds.take(distinctKeys(places), kind);
  } catch (problem) {
    for (const { principal, channels } of places.slice(0, taken)) {
      limits.channels.release(principal, channels);
    }
    throw problem;
  }
  if (kind !== 'part') for (const principal of distinctKeys(places)) usage.beginHold(principal);
}

export function leavePlaces(
  { limits, usage }: EdgeContext,
  places: readonly Place[],
  kind: PlaceKind,
): void {
  for (const { principal, channels } of places) limits.channels.release(principal, channels);
  if (kind === 'part') return;
  const principals = distinctKeys(places);
  limits.holds.release(principals, kind);
  for (const principal of principals) usage.endHold(principal);
}

/** Several tokens of one key hold one request together. */
function distinctKeys(places: readonly Place[]): readonly Principal[] {
  if (places.length === 1) return [(places[0] as Place).principal];
  return [...new Map(places.map(({ principal }) => [principal.keyId, principal])).values()];
}

function checkChannels({ limits }: Principal, used: number): void {
  const max = limits.poll_channels;
  if (max === undefined || used <= max) return;
  throw limitProblem(
    'poll_channels',
    { max, used, resetAt: null, retryMs: null },
    `The request names ${used} channels; ${max} may be received from in one.`,
  );
}
