import type { Problem } from '#contracts';
import type { Logger } from '#platform';

/** Milliseconds between two lines about refusals of one kind: a log that fails refuses thousands at once. */
const QUIET_MS = 1_000;

/**
 * What our own side has to know of refusals: each fault of ours, and why something was not available. Under
 * the id that the refused one was given, so that the two can be brought together.
 */
export class RefusalLog {
  private readonly kinds = new Map<string, { until: number; leftOut: number }>();

  constructor(
    private readonly log: Logger,
    private readonly clock: { monotonic(): number },
  ) {}

  note(problem: Problem, requestId: string): void {
    const { code, cause } = problem;
    if (code === 'internal') {
      this.log.error({ err: cause ?? problem, requestId }, 'a request failed');
      return;
    }
    if (cause === undefined) return;
    const now = this.clock.monotonic();
    const kind = this.kinds.get(code);
    if (kind && now < kind.until) {
      kind.leftOut += 1;
      return;
    }
    this.kinds.set(code, { until: now + QUIET_MS, leftOut: 0 });
    const leftOut = kind?.leftOut ?? 0;
    this.log.warn({ err: cause, requestId, code, leftOut }, 'a request was refused');
  }
}
