import type { Holdline } from '../../support/holdline.js';
import { signal } from '../../support/processes.js';
import type { SeededRandom } from '../../support/random.js';

export type Victim = 'delivery' | 'api' | 'postgres';

export interface Kill {
  readonly what: Victim;
  /** On the monotonic clock. */
  readonly at: number;
  readonly during: string;
}

/** Kills with -9 whom chance names, each of them equally often. */
export class Killer {
  readonly kills: Kill[] = [];
  private turn: Victim[] = [];

  constructor(
    private readonly holdline: Holdline,
    private readonly random: SeededRandom,
  ) {}

  /** @returns false when the one it would be is just being started: once more, a little later. */
  strike(during: string): boolean {
    if (this.turn.length === 0) this.turn = ['delivery', 'api', 'postgres'];
    const at = this.random.below(this.turn.length);
    const what = this.turn[at] as Victim;
    try {
      if (!signal(this.pidOf(what), 'SIGKILL')) return false;
    } catch {
      return false;
    }
    this.turn.splice(at, 1);
    this.kills.push({ what, at: performance.now(), during });
    return true;
  }

  /** How often each was killed, as a person reads it. */
  summary(): string {
    const counts = Map.groupBy(this.kills, ({ during, what }) => `${what} while ${during}`);
    return [...counts].map(([name, kills]) => `${kills.length} × ${name}`).join(', ');
  }

  private pidOf(what: Victim): number {
    if (what === 'delivery') return this.holdline.deliveryPid();
    if (what === 'api') return this.holdline.apiPid();
    // The postmaster, which is the eldest.
    const [postmaster] = this.holdline.postgresPids();
    if (postmaster === undefined) throw new Error('No PostgreSQL runs.');
    return postmaster;
  }
}
