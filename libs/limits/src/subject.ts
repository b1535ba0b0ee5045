import type { EffectiveLimits } from '#contracts';

/** Time, injected. Milliseconds: since 1970 for `now`; `monotonic` never goes back. */
export interface LimitClock {
  now(): number;
  monotonic(): number;
}

/** Whose use is counted, and what holds for it. */
export interface Subject {
  readonly tenantId: string;
  readonly appId: string;
  readonly keyId: string;
  readonly clientId: string | null;
  readonly limits: EffectiveLimits;
}

/** A name inside an app: no app's id holds a NUL, so that two of them never meet. */
export function within(app: string, name: string): string {
  return `${app}\u0000${name}`;
}
