import type { Spend } from '#contracts';
import type { Principal } from '#access';
import { checkSpend, limitProblem } from '#limits';
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

/**
 * Takes the channels that a receive of several credentials makes live; given back with `leaveChannels`.
 * @throws Problem spend_cap_reached, invalid_request (too many channels), rate_limited; none is taken then.
 */
export function enterChannels({ limits, streams }: EdgeContext, places: readonly Place[]): void {
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
  } catch (problem) {
    leaveChannels({ limits }, places.slice(0, taken));
    throw problem;
  }
}

export function leaveChannels(
  { limits }: Pick<EdgeContext, 'limits'>,
  places: readonly Place[],
): void {
  for (const { principal, channels } of places) limits.channels.release(principal, channels);
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
