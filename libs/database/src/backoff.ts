/** Milliseconds to wait before attempt number `attempt` (from 0): 100 ms, doubling, 5 s at most. */
export function backoffMs(attempt: number): number {
  return Math.min(5000, 100 * 2 ** Math.min(attempt, 10));
}
