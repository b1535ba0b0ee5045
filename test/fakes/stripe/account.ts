import type Stripe from 'stripe';
import type { FakeClock } from './clock.js';
import { missing } from './refusal.js';
import type { FakeWebhooks } from './webhooks.js';

/** One meter event as it was taken. */
export interface TakenEvent {
  readonly meterEvent: Stripe.Billing.MeterEvent;
  readonly value: Stripe.Decimal;
  readonly customer: string;
  /** Milliseconds: identifiers are unique for a day from then, and summaries lag behind it. */
  readonly takenAt: number;
}

/** A thin event as `GET /v2/core/events/{id}` shows it. */
export interface ThinEvent {
  readonly id: string;
  readonly object: 'v2.core.event';
  readonly type: string;
  readonly created: string;
  readonly livemode: boolean;
  readonly related_object?: { id: string; type: string; url: string };
  readonly data: object;
}

/** Everything that an account at Stripe holds. Newest last. */
export class FakeAccount {
  readonly customers = new Map<string, Stripe.Customer | Stripe.DeletedCustomer>();
  readonly products = new Map<string, Stripe.Product>();
  readonly prices = new Map<string, Stripe.Price>();
  readonly meters = new Map<string, Stripe.Billing.Meter>();
  readonly taken: TakenEvent[] = [];
  readonly subscriptions = new Map<string, Stripe.Subscription>();
  readonly sessions = new Map<string, Stripe.Checkout.Session>();
  readonly invoices = new Map<string, Stripe.Invoice>();
  readonly grants = new Map<string, Stripe.Billing.CreditGrant>();
  /** What is left of each grant, in minor units. */
  readonly grantsLeft = new Map<string, number>();
  readonly disputes = new Map<string, Stripe.Dispute>();
  readonly events: Stripe.Event[] = [];
  readonly thinEvents: ThinEvent[] = [];
  /** Customers whose next payments are declined. */
  readonly declined = new Set<string>();
  /** Seconds by which summaries lag behind the meter events. */
  summaryLag = 0;
  private serial = 0;

  constructor(
    readonly clock: FakeClock,
    readonly webhooks: FakeWebhooks,
  ) {}

  /** Ids sort as they were made, so that two runs of a test name the same things alike. */
  id(prefix: string): string {
    return `${prefix}_fake${String(++this.serial).padStart(8, '0')}`;
  }

  /** Notes that it happened, with the object as it is now, and sends it to the endpoints. */
  emit(type: Stripe.Event.Type, object: object): void {
    const event = {
      id: this.id('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: this.clock.seconds(),
      data: { object: structuredObject(object) },
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type,
    } as unknown as Stripe.Event;
    this.events.push(event);
    this.webhooks.enqueue(type, event.id, JSON.stringify(event), 'snapshot');
  }

  /** A thin event: it names what it is about, and its data are fetched. */
  emitThin(type: string, data: object, related?: ThinEvent['related_object']): ThinEvent {
    const event: ThinEvent = {
      id: this.id('evt'),
      object: 'v2.core.event',
      type,
      created: new Date(this.clock.now()).toISOString(),
      livemode: false,
      ...(related === undefined ? {} : { related_object: related }),
      data,
    };
    this.thinEvents.push(event);
    const { data: _data, ...notification } = event;
    this.webhooks.enqueue(type, event.id, JSON.stringify(notification), 'thin');
    return event;
  }

  customer(id: string): Stripe.Customer {
    const found = this.customers.get(id);
    if (!found || found.deleted) throw missing('customer', id);
    return found;
  }
}

export function found<T>(rows: Map<string, T>, what: string, id: string): T {
  const row = rows.get(id);
  if (row === undefined) throw missing(what, id);
  return row;
}

/** A copy as the wire would carry it: what changes later leaves the event alone. */
function structuredObject(object: object): object {
  return JSON.parse(JSON.stringify(object)) as object;
}

/** The rows of a map, newest first, as lists show them. */
export function newestFirst<T>(rows: Map<string, T>): T[] {
  return [...rows.values()].reverse();
}

/** The id of what a field names; the fake never expands one. */
export function idOf(field: string | { readonly id: string } | null | undefined): string {
  return typeof field === 'string' ? field : (field?.id ?? '');
}
