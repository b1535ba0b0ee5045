/** An endpoint that fails for so long, without one success, is switched off. */
const DISABLE_AFTER_MS = 5 * 24 * 3_600_000;

export interface EndpointHealth {
  readonly enabled: boolean;
  readonly failures: number;
  readonly failingSince: Date | null;
}

interface Disabled {
  readonly reason: 'failing' | 'gone';
  readonly failingSince: Date;
  readonly failures: number;
}

/** What an attempt says of its endpoint, and whether that is enough to switch it off. */
export function healthAfter(
  before: EndpointHealth,
  { succeeded, status, now }: { succeeded: boolean; status: number | null; now: number },
): { data: Record<string, unknown>; disabled: Disabled | null } {
  const at = new Date(now);
  if (succeeded)
    return {
      data: { consecutiveFailures: 0, failingSince: null, lastSuccessAt: at },
      disabled: null,
    };
  const failures = before.failures + 1;
  const failingSince = before.failingSince ?? at;
  // 410 Gone is the receiver's own word that it wants no more.
  const reason = status === 410 ? 'gone' : 'failing';
  const over = status === 410 || now - failingSince.getTime() >= DISABLE_AFTER_MS;
  const disabled = before.enabled && over ? { reason, failingSince, failures } : null;
  return {
    data: {
      consecutiveFailures: failures,
      failingSince,
      lastFailureAt: at,
      ...(disabled ? { enabled: false, disabledReason: reason } : {}),
    },
    disabled: disabled as Disabled | null,
  };
}
