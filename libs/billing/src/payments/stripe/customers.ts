import { Problem } from '#contracts';
import type { StripeCustomer } from '#database';
import type { StoredCalls } from './calls.js';
import { META } from './names.js';
import type { StripeParts } from './parts.js';

/** Which customer at Stripe each tenant is. */
export class Customers {
  constructor(
    private readonly parts: StripeParts,
    private readonly calls: StoredCalls,
  ) {}

  /** The tenant's customer, made when it has none, or when somebody deleted it at Stripe. */
  async ensure(tenantId: string, email: string | null): Promise<string> {
    const { stripe, database } = this.parts;
    const { row, name } = await database.asSystem(async (tx) => ({
      row: await tx.stripeCustomer.findUnique({ where: { tenantId } }),
      name: (await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } })).name,
    }));
    if (row && row.deletedAt === null) return row.customerId;
    const after = row ? `:after:${row.customerId}` : '';
    const customerId = await this.calls.once({
      key: `customer:${tenantId}${after}`,
      make: (idempotencyKey) =>
        stripe.customers.create(
          { name, ...(email === null ? {} : { email }), metadata: { [META.tenant]: tenantId } },
          { idempotencyKey },
        ),
      find: () => this.search(tenantId),
    });
    this.parts.step?.('customer made');
    await database.asSystem((tx) =>
      tx.stripeCustomer.upsert({
        where: { tenantId },
        create: { tenantId, customerId },
        update: { customerId, deletedAt: null },
      }),
    );
    return customerId;
  }

  /** @throws Problem conflict when it has none yet */
  async of(tenantId: string): Promise<string> {
    const row = await this.row(tenantId);
    if (row?.deletedAt === null) return row.customerId;
    throw new Problem(
      'conflict',
      'This tenant has not paid through Stripe yet. Choose a plan first: POST /v1/billing/checkout.',
    );
  }

  row(tenantId: string): Promise<StripeCustomer | null> {
    return this.parts.database.asSystem((tx) =>
      tx.stripeCustomer.findUnique({ where: { tenantId } }),
    );
  }

  private async search(tenantId: string): Promise<string | null> {
    const query = `metadata['${META.tenant}']:'${tenantId}'`;
    const { data } = await this.parts.stripe.customers.search({ query, limit: 1 });
    return data[0]?.id ?? null;
  }
}
