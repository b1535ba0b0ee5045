/** How much of what: rates, quotas, places, turns, and what is said when they are used up. */
export type { LimitEvent } from './limit-events.js';
export type { HoldKind } from './holds.js';
export { liveLimits, type Whose } from './live.js';
export { Limits, type LimitsOptions } from './limits.js';
export { checkBatch, type Publish } from './publishes.js';
export { type QuotaCounter, type QuotaSlices, type Slice, WholeQuota } from './quota-slices.js';
export type { Reservation } from './quotas.js';
export { limitProblem } from './refusal.js';
export { checkSpend } from './spend-guard.js';
export type { LimitClock, Subject } from './subject.js';
