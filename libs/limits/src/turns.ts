import { Problem } from '#contracts';

interface Lane {
  readonly waiting: (() => void)[];
  /** The first that still waits. */
  next: number;
}

/** What is on its way to the log at once: enough to fill its commits, and not more than one drains soon. */
const AT_ONCE = 512;
const WAITING_PER_TENANT = 2_048;
/** Those who went are dropped from a lane in bulk: one by one would move all the others each time. */
const COMPACT_AT = 1_024;

/**
 * Turns before the log, fair between tenants: while fewer than `atOnce` publishes are on their way
 * everybody goes at once; beyond that each tenant waits in a lane of its own and the lanes take turns,
 * so that a flood waits for itself. Within a lane first come is first served, which keeps the order of
 * a channel.
 */
export class Turns {
  private readonly lanes = new Map<string, Lane>();
  /** Tenants that wait, in the order of their turns. */
  private round: string[] = [];
  private inside = 0;

  constructor(
    private readonly atOnce = AT_ONCE,
    private readonly perTenant = WAITING_PER_TENANT,
  ) {}

  /**
   * Null: go on now. Else go on when it resolves. Either way `leave` follows, once.
   * @throws Problem unavailable when too many of this tenant wait; `leave` does not follow then.
   */
  enter(tenantId: string): Promise<void> | null {
    if (this.inside < this.atOnce) {
      this.inside += 1;
      return null;
    }
    let lane = this.lanes.get(tenantId);
    if (!lane) {
      this.lanes.set(tenantId, (lane = { waiting: [], next: 0 }));
      this.round.push(tenantId);
    }
    const { waiting, next } = lane;
    if (waiting.length - next >= this.perTenant) throw crowded(this.perTenant);
    return new Promise((resolve) => waiting.push(resolve));
  }

  leave(): void {
    const tenantId = this.round.shift();
    const lane = tenantId === undefined ? undefined : this.lanes.get(tenantId);
    if (tenantId === undefined || !lane) {
      this.inside -= 1;
      return;
    }
    // The place passes on: nobody who comes now gets ahead of who waits.
    const go = lane.waiting[lane.next++]!;
    if (lane.next > COMPACT_AT) {
      lane.waiting.splice(0, lane.next);
      lane.next = 0;
    }
    if (lane.next < lane.waiting.length) this.round.push(tenantId);
    else this.lanes.delete(tenantId);
    go();
  }

  get waiting(): number {
    let sum = 0;
    for (const { waiting, next } of this.lanes.values()) sum += waiting.length - next;
    return sum;
  }
}

function crowded(max: number): Problem {
  return new Problem(
    'unavailable',
    `${max} publishes of this tenant wait for their turn already, because the server is saturated. Nothing was stored. Try again with the same id, more slowly.`,
    { retryAfter: 1 },
  );
}
