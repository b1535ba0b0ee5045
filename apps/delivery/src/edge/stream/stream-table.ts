import { Problem, type Spend } from '#contracts';
import type { AccessStore, Principal } from '#access';
import { checkSpend } from '#limits';
import type { Clock } from '#mediator';

/** One connection that stays: a stream of events or lines, or a WebSocket. */
export interface LiveStream {
  /** Everybody whose credential it needs. */
  readonly principals: readonly Principal[];
  /** Once a second, while it lives. */
  tick(): void;
  /** Tells the client why, and ends. A second call is ignored. */
  end(problem: Problem): void;
}

const TICK_MS = 1000;

/**
 * Every live stream of this server. Ends those whose credential is refused by now, also while they wait
 * for a slow client and hold nothing (P7), and all of them when the server drains.
 */
export class StreamTable {
  private readonly streams = new Set<LiveStream>();
  private stopTicking: (() => void) | null = null;

  constructor(
    private readonly store: AccessStore,
    private readonly clock: Clock,
  ) {
    store.onChange((change) => {
      if (change.mayEnd) this.check();
    });
  }

  get size(): number {
    return this.streams.size;
  }

  add(stream: LiveStream): void {
    this.streams.add(stream);
    this.stopTicking ??= this.clock.every(TICK_MS, () => this.tick());
  }

  delete(stream: LiveStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    this.stopTicking?.();
    this.stopTicking = null;
  }

  /** Why the credential may go on no longer, or null. */
  fault(principal: Principal): Problem | null {
    const now = this.clock.now();
    const refusal = this.store.refusal(principal, now);
    if (refusal !== null) return new Problem('revoked', refusal);
    if (principal.expiresAt === null || principal.expiresAt > now) return null;
    return new Problem(
      'token_expired',
      'The token of this stream has expired. Connect again with a new one and the last cursor.',
    );
  }

  /** Where an app stands with its budgets now, and not when the stream began. */
  spend({ appId }: Principal): Spend | undefined {
    return this.store.app(appId)?.spend;
  }

  /** The budget that shapes what they receive. */
  spendOf(principals: readonly Principal[]): Spend | undefined {
    for (const principal of principals) {
      const spend = this.spend(principal);
      if (spend?.state === 'degrade') return spend;
    }
    return undefined;
  }

  /** Why nothing more may be received on a budget that is used up, or null. */
  spentOf(principals: readonly Principal[]): Problem | null {
    try {
      for (const principal of principals) checkSpend(this.spend(principal));
      return null;
    } catch (problem) {
      return problem as Problem;
    }
  }

  /** The credential with the limits and the budget of this moment: a connection may outlive both. */
  now(principal: Principal): Principal {
    const app = this.store.app(principal.appId);
    if (!app) return principal;
    const limits = this.store.limits(app, this.store.key(principal.keyId));
    return { ...principal, limits, spend: app.spend };
  }

  /** Why one of them may go on no longer, or null. */
  faultOf(principals: readonly Principal[]): Problem | null {
    for (const principal of principals) {
      const fault = this.fault(principal);
      if (fault) return fault;
    }
    return null;
  }

  /** Each client is told that the server drains, and goes on elsewhere with its last cursor. */
  drain(): void {
    const problem = new Problem(
      'draining',
      'This server is shutting down. Connect again with the last cursor: nothing is missed.',
    );
    for (const stream of [...this.streams]) stream.end(problem);
  }

  private tick(): void {
    this.check();
    for (const stream of [...this.streams]) stream.tick();
  }

  private check(): void {
    for (const stream of [...this.streams]) {
      const problem = this.faultOf(stream.principals);
      if (problem) stream.end(problem);
    }
  }
}
