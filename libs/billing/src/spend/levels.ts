export type SpendLevel = 'ok' | 'warned' | 'degraded' | 'stopped';

export interface BudgetRule {
  readonly maxMicro: bigint;
  /** Delivery is coalesced from nine tenths on. */
  readonly degrades: boolean;
  /** At the budget: stop, or go on. */
  readonly stops: boolean;
}

/**
 * What spending means for a budget: warned from four fifths, degraded from nine tenths, stopped at the
 * whole. Exact, and a function of these numbers alone: a higher budget or less spent gives it back.
 */
export function levelOf(usedMicro: bigint, { maxMicro, degrades, stops }: BudgetRule): SpendLevel {
  if (stops && usedMicro >= maxMicro) return 'stopped';
  if (degrades && usedMicro * 10n >= maxMicro * 9n) return 'degraded';
  return usedMicro * 10n >= maxMicro * 8n ? 'warned' : 'ok';
}
