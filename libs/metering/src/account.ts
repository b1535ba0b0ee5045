/** What a tenant holds at once, over all its apps. */
export class TenantHolds {
  now = 0;
  /** The most since the peak was last taken. */
  private peak = 0;

  begin(): void {
    this.now += 1;
    if (this.now > this.peak) this.peak = this.now;
  }

  end(): void {
    this.now -= 1;
  }

  takePeak(): number {
    const { peak } = this;
    this.peak = this.now;
    return peak;
  }
}

/**
 * What one credential of one app has used since it was last taken: plain numbers, as they grow with
 * each answer. Held time is what ended minus what began, so that a hold costs two additions and those
 * that still run count up to the moment of asking.
 */
export class Account {
  delivered = 0;
  private holds = 0;
  private began = 0;
  private ended = 0;
  private taken = 0;

  constructor(
    readonly app: string,
    readonly key: string,
    private readonly tenant: TenantHolds,
  ) {}

  /** @param now monotonic milliseconds. */
  beginHold(now: number): void {
    this.holds += 1;
    this.began += now;
    this.tenant.begin();
  }

  endHold(now: number): void {
    this.holds -= 1;
    this.ended += now;
    this.tenant.end();
  }

  takeDelivered(): number {
    const { delivered } = this;
    this.delivered = 0;
    return delivered;
  }

  /** Whole milliseconds held since the last time; what is left over comes with the next. */
  takeHeldMs(now: number): number {
    const total = this.ended - this.began + this.holds * now;
    const ms = Math.max(0, Math.floor(total - this.taken));
    this.taken += ms;
    if (this.holds === 0 && this.ended > 2 ** 40) this.rebase();
    return ms;
  }

  /** Nothing is held and nothing left to take: it can be forgotten. */
  get isIdle(): boolean {
    return this.holds === 0 && this.delivered === 0;
  }

  /** Keeps the sums small enough to be exact to the microsecond. */
  private rebase(): void {
    const left = this.ended - this.began - this.taken;
    this.began = 0;
    this.ended = left;
    this.taken = 0;
  }
}
