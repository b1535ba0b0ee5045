import { Problem } from '#contracts';
import type { AccessStore } from '#access';
import type { Clock, Mediator, Presence } from '#mediator';

const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Ends held requests and presence whose credential is refused from now on: at each change of the
 * configuration, and when a rotated key's grace runs out (P7).
 */
export class RevocationWatch {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: {
      store: AccessStore;
      mediator: Mediator;
      presence: Presence;
      clock: Clock;
    },
  ) {
    options.store.onChange((change) => {
      if (change.mayEnd) this.check();
    });
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private check(): void {
    const { store, mediator, presence, clock } = this.options;
    const now = clock.now();
    presence.end(store.endedBy());
    mediator.endHolds(
      store.endedBy(),
      new Problem('revoked', 'The credential of this request was revoked while it was held.'),
    );
    if (this.timer) clearTimeout(this.timer);
    const next = store.nextExpiry(now);
    this.timer =
      next === null
        ? null
        : setTimeout(
            () => this.check(),
            Math.min(LONGEST_TIMER_MS, Math.max(1, next - now)),
          ).unref();
  }
}
