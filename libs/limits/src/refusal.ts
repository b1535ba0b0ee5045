import { LIMITS, Problem, type LimitEntry, type LimitName } from '#contracts';

export interface Reached {
  readonly max: number;
  readonly used: number;
  /** Milliseconds since 1970 when there is room again; null: time alone brings none. */
  readonly resetAt: number | null;
  /** Milliseconds until it is worth trying again; null: it is not. */
  readonly retryMs: number | null;
}

/** What a reached limit refuses with: its facts, what happened and what to do. */
export function limitProblem(
  name: LimitName,
  { max, used, resetAt, retryMs }: Reached,
  happened: string,
): Problem {
  const { code, scope, remedy }: LimitEntry = LIMITS[name];
  return withoutTrace(() => {
    return new Problem(code, `${happened} ${remedy}`, {
      ...(retryMs === null ? {} : { retryAfter: Math.max(1, Math.ceil(retryMs / 1000)) }),
      limit: {
        name,
        scope,
        max,
        used,
        resetAt: resetAt === null ? null : new Date(resetAt).toISOString(),
      },
    });
  });
}

/** A flood is refused by the thousand: where in the code that was is of no interest, and costs most. */
function withoutTrace<T>(make: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = before;
  }
}
