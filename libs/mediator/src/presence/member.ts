import { Timed } from '../deadlines.js';
import type { HoldOwner } from '../types.js';

/** A client that is there. It stays as long as a poll that names it is held, or until its time is over. */
export class Member extends Timed {
  /** Held polls that keep it here. */
  polls = 0;
  /** Monotonic milliseconds: until when a PUT keeps it, and the grace after its last poll. */
  putUntil = 0;
  graceUntil = 0;

  constructor(
    readonly clientId: string,
    /** Milliseconds since 1970. */
    readonly since: number,
    /** JSON text. */
    public data: string,
    /** Whose credential said so last: when that is revoked, the member leaves. */
    public owner: HoldOwner,
    private readonly onExpired: (member: Member) => void,
  ) {
    super();
  }

  get until(): number {
    return Math.max(this.putUntil, this.graceUntil);
  }

  /** As it stands in a list and in a change. */
  get text(): string {
    return `{"clientId":${JSON.stringify(this.clientId)},"data":${this.data},"since":"${new Date(this.since).toISOString()}"}`;
  }

  expire(): void {
    this.onExpired(this);
  }
}
