import { METERS, type Meter } from '#contracts';
import type { StoredCalls } from './calls.js';
import { eventName } from './names.js';
import type { StripeParts } from './parts.js';

/** Our meters at Stripe: each hour has one value, the one told last, and the hours add up. */
export class StripeMeters {
  private readonly known = new Map<Meter, string>();

  constructor(
    private readonly parts: StripeParts,
    private readonly calls: StoredCalls,
  ) {}

  /** The meter's id at Stripe; it is made when it is not there. */
  async ensure(meter: Meter): Promise<string> {
    const known = this.known.get(meter) ?? (await this.find(meter));
    const id = known ?? (await this.make(meter));
    this.known.set(meter, id);
    return id;
  }

  private make(meter: Meter): Promise<string> {
    return this.calls.once({
      key: `meter:${meter}`,
      make: (idempotencyKey) =>
        this.parts.stripe.billing.meters.create(
          {
            display_name: METERS[meter].title,
            event_name: eventName(meter),
            default_aggregation: { formula: 'sum' },
            event_time_window: 'hour',
            customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
            value_settings: { event_payload_key: 'value' },
          },
          { idempotencyKey },
        ),
      find: () => this.find(meter),
    });
  }

  private async find(meter: Meter): Promise<string | null> {
    for await (const row of this.parts.stripe.billing.meters.list({
      status: 'active',
      limit: 100,
    })) {
      if (row.event_name === eventName(meter)) return row.id;
    }
    return null;
  }
}
