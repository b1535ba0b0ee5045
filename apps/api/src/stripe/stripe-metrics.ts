import type { StripeAdapter } from '#billing';
import { Gauge, type Registry } from 'prom-client';

/** What an operator wants to be woken by. */
export function registerStripeMetrics(registry: Registry, adapter: StripeAdapter): void {
  // A database that is away is told by its own check; a scrape must not fail for it.
  const orUnknown = (value: Promise<number>) => value.catch(() => Number.NaN);
  new Gauge({
    name: 'holdline_stripe_differences',
    help: 'Open differences between Stripe and the ledger; anything above 0 wants to be looked at.',
    registers: [registry],
    async collect() {
      this.set(await orUnknown(adapter.differences.open()));
    },
  });
  new Gauge({
    name: 'holdline_stripe_unreconciled_seconds',
    help: 'Age of the oldest hour that Stripe’s summaries have not confirmed; above 3 hours something is stuck.',
    registers: [registry],
    async collect() {
      this.set((await orUnknown(adapter.reconciliation.age())) / 1000);
    },
  });
}
