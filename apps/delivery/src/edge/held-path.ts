import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import type { HoldTime } from './hold-time.js';
import { pathKey } from './path-key.js';
import type { Path } from './path-holds.js';

/**
 * A hold and the path that it came by: how long it may last there, and what its end says of the path.
 * Every route that holds has one, so that what is learned by one kind of hold serves all.
 */
export class HeldPath {
  /** How long it may be held: what was asked for, or less where the path cuts. */
  readonly time: HoldTime;
  private readonly path: Path | null;
  private readonly isTrial: boolean;
  /** When it began to be held; 0: it is not. */
  private since = 0;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    asked: HoldTime,
  ) {
    const { paths, clock } = context;
    this.time = asked;
    this.isTrial = false;
    // As long as no path has cut anything, the request is not looked at.
    const mayCut = !paths.isEmpty && asked.seconds > 0;
    this.path = mayCut ? paths.find(pathKey(exchange, principal.appId)) : null;
    const limit = this.path?.limit(asked.seconds * 1000, clock.monotonic());
    if (!limit) return;
    // In tenths, so that what is said is what is done.
    this.time = { seconds: Math.floor(limit.ms / 100) / 10, reason: 'path' };
    this.isTrial = limit.isTrial;
  }

  /** There was nothing to say at once. */
  held(): void {
    this.since = this.context.clock.monotonic();
  }

  answered(): void {
    if (!this.path || this.since === 0) return;
    this.path.lasted(this.context.clock.monotonic() - this.since, this.isTrial);
  }

  /**
   * The connection ended before the answer: the path may have cut it. However close to the end of the
   * hold: a path that cuts just there would cut for ever otherwise.
   */
  gone(): void {
    if (this.since === 0) return;
    const { paths, clock } = this.context;
    const now = clock.monotonic();
    paths
      .note(pathKey(this.exchange, this.principal.appId))
      .cut(now - this.since, now, this.isTrial);
  }
}
