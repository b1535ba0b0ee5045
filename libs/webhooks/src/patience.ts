import type { TxOptions } from '#database';

/** For transactions that nobody waits for: a slow database makes them late, not lost. */
export const PATIENT: TxOptions = { timeoutMs: 10_000 };
