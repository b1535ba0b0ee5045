import type Stripe from 'stripe';
import type { Differences } from './differences.js';
import { verdictOf } from './errors.js';
import type { InvoiceSync } from './invoice-sync.js';
import type { StripeParts } from './parts.js';
import { idOf } from './subscription-facts.js';
import type { SubscriptionSync } from './subscription-sync.js';

/** The events that are worked on; what an endpoint has to be subscribed to. */
export const SNAPSHOT_EVENTS = [
  'checkout.session.completed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'invoice.created',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.voided',
  'customer.updated',
  'customer.deleted',
  'charge.dispute.created',
] as const satisfies Stripe.Event.Type[];

export const THIN_EVENTS = [
  'v1.billing.meter.error_report_triggered',
  'v1.billing.meter.no_meter_found',
] as const;

const KNOWN = new Set<string>([...SNAPSHOT_EVENTS, ...THIN_EVENTS]);

export function isKnownEvent(type: string): boolean {
  return KNOWN.has(type);
}

/** What is to be fetched for an event: the object it is about, or a thin event itself. */
export function objectOfEvent(event: {
  readonly id: string;
  readonly type: string;
  readonly data?: { readonly object?: unknown };
}): string {
  const object = event.data?.object as { id?: unknown } | undefined;
  return event.type.startsWith('v1.') || typeof object?.id !== 'string' ? event.id : object.id;
}

/** Fetches what an event is about and brings ours to it. The event itself is not believed. */
export class EventHandlers {
  constructor(
    private readonly parts: StripeParts,
    private readonly subscriptions: SubscriptionSync,
    private readonly invoices: InvoiceSync,
    private readonly differences: Differences,
  ) {}

  async handle(type: string, objectId: string): Promise<void> {
    const { stripe } = this.parts;
    if (type.startsWith('customer.subscription.')) return this.subscriptions.sync(objectId);
    if (type.startsWith('invoice.')) return this.invoices.sync(objectId);
    if (type.startsWith('v1.billing.meter.')) return this.meterErrors(objectId);
    if (type.startsWith('customer.')) return this.customer(objectId);
    if (type === 'charge.dispute.created') return this.dispute(objectId);
    if (type === 'checkout.session.completed') {
      const session = await stripe.checkout.sessions.retrieve(objectId);
      const subscription = idOf(session.subscription);
      if (subscription !== null) await this.subscriptions.sync(subscription);
    }
  }

  /** A customer that is deleted at Stripe pays nothing any more: somebody has to look. */
  private async customer(customerId: string): Promise<void> {
    const customer = await this.parts.stripe.customers
      .retrieve(customerId)
      .catch((error: unknown) => {
        if (verdictOf(error) === 'missing') return { deleted: true as const };
        throw error;
      });
    if (!customer.deleted) return;
    const tenantId = await this.parts.database.asSystem(async (tx) => {
      const row = await tx.stripeCustomer.findUnique({ where: { customerId } });
      if (row?.deletedAt === null) {
        const deletedAt = new Date(this.parts.now());
        await tx.stripeCustomer.update({ where: { customerId }, data: { deletedAt } });
      }
      return row?.tenantId ?? null;
    });
    if (tenantId === null) return;
    await this.differences.raise({
      key: `customer:${customerId}`,
      kind: 'customer',
      tenantId,
      ours: 'a tenant',
      theirs: 'deleted',
      note: 'The customer was deleted at Stripe. Its subscription has ended there; the tenant gets a new customer at its next checkout.',
    });
  }

  private async dispute(id: string): Promise<void> {
    const dispute = await this.parts.stripe.disputes.retrieve(id);
    await this.differences.raise({
      key: `dispute:${id}`,
      kind: 'dispute',
      tenantId: null,
      ours: 'paid',
      theirs: `${dispute.amount} ${dispute.currency} taken back (${dispute.status})`,
      note: `A bank has taken a payment back (${idOf(dispute.charge) ?? id}). Answer the dispute at Stripe; if it is lost, reverse the payment here.`,
    });
  }

  /** Stripe drops usage that it cannot place, and tells of it later. */
  private async meterErrors(id: string): Promise<void> {
    const event = await this.parts.stripe.v2.core.events.retrieve(id);
    const { data } = event as unknown as { data: MeterErrorData };
    await this.differences.raise({
      key: `meter_error:${id}`,
      kind: 'meter_error',
      tenantId: null,
      ours: 'reported',
      theirs: data.reason.error_types
        .map((row) => `${row.code}: ${row.error_count}`)
        .join(', ')
        .slice(0, 500),
      note: `Stripe dropped usage: ${data.developer_message_summary} Such as ${samples(data)}.`,
    });
  }
}

interface MeterErrorData {
  readonly developer_message_summary: string;
  readonly reason: {
    readonly error_types: readonly {
      readonly code: string;
      readonly error_count: number;
      readonly sample_errors: readonly { readonly request: { readonly identifier: string } }[];
    }[];
  };
}

function samples(data: MeterErrorData): string {
  return data.reason.error_types
    .flatMap((row) => row.sample_errors.map(({ request }) => request.identifier))
    .slice(0, 3)
    .join(', ');
}
