/** The fake's time, in milliseconds. It stands still until a test moves it. */
export class FakeClock {
  constructor(private time: number) {}

  now(): number {
    return this.time;
  }

  /** As Stripe says times. */
  seconds(): number {
    return Math.floor(this.time / 1000);
  }

  set(ms: number): void {
    this.time = ms;
  }
}

/** The same day and time so many months later, or the month's last day where it has no such day. */
export function addMonths(seconds: number, months: number): number {
  const from = new Date(seconds * 1000);
  const day = from.getUTCDate();
  const to = new Date(from);
  to.setUTCDate(1);
  to.setUTCMonth(from.getUTCMonth() + months);
  const last = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(day, last));
  return Math.floor(to.getTime() / 1000);
}
