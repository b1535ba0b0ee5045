import type { Spend } from '#contracts';
import type { SpendState } from '#database';

/**
 * What delivery has to know of an app's budgets: the stricter of its own and its tenant's, and nothing
 * of those that change nothing there. What a period left behind ends with it.
 */
export function spendOf(
  appId: string,
  states: readonly SpendState[],
  now: number,
): { spend?: Spend } {
  const live = states.filter(
    (state) =>
      (state.appId === '' || state.appId === appId) &&
      (state.level === 'degraded' || state.level === 'stopped') &&
      state.resetAt.getTime() > now,
  );
  const state = live.find(({ level }) => level === 'stopped') ?? live[0];
  if (!state) return {};
  const { level, currency, maxMicro, usedMicro, resetAt, windowMs, conflate } = state;
  return {
    spend: {
      state: level === 'stopped' ? 'stop' : 'degrade',
      budget: {
        scope: state.appId === '' ? 'tenant' : 'app',
        currency,
        max: Number(maxMicro),
        used: Number(usedMicro),
        resetAt: resetAt.toISOString(),
      },
      ...(level === 'degraded' && windowMs !== null ? { degrade: { windowMs, conflate } } : {}),
    },
  };
}
