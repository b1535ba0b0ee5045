import type { Meter } from '#contracts';

/** What a tenant wants to have, before it has paid. */
export interface CheckoutOrder {
  readonly tenantId: string;
  readonly planId: string;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  /** Whom the provider may write to. */
  readonly email: string | null;
  readonly trialDays: number;
  /** Where the browser goes on afterwards. */
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface PortalOrder {
  readonly tenantId: string;
  readonly returnUrl: string;
}

/** All that a tenant used of a meter in one hour: a total, never a difference. */
export interface HourReport {
  readonly tenantId: string;
  readonly meter: Meter;
  /** Begin of the UTC hour. */
  readonly hour: Date;
  /** Base units of the meter (METERS). */
  readonly units: bigint;
  /** Grows each time that the hour's total is corrected. */
  readonly version: number;
}

/** A final invoice, with a number, in the books already. */
export interface FinalInvoice {
  readonly id: string;
  readonly tenantId: string;
  readonly number: string;
  readonly currency: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly totalMicro: bigint;
  /** The total less what credits paid. */
  readonly dueMicro: bigint;
  readonly dueAt: Date;
  /** What attachExternal noted. */
  readonly external: Readonly<Record<string, unknown>>;
  /** Usage lines are known to a metering provider already; base, adjustment, discount and tax are not. */
  readonly lines: readonly {
    readonly n: number;
    readonly kind: 'base' | 'usage' | 'adjustment' | 'discount' | 'tax';
    readonly description: string;
    readonly meter: string | null;
    readonly units: bigint;
    readonly amountMicro: bigint;
  }[];
}

export interface GivenCredit {
  readonly id: string;
  readonly tenantId: string;
  readonly currency: string;
  readonly amountMicro: bigint;
  readonly reason: string;
  readonly expiresAt: Date | null;
}

/**
 * Who takes the money. Every call can be repeated: it is made again after a crash or a timeout, with
 * the same arguments, and must then change nothing more. None runs inside a transaction of ours.
 */
export abstract class PaymentProvider {
  /** Stored with what it collects: `stripe`, `invoice`. */
  abstract readonly name: string;

  /** Where the tenant's browser goes to subscribe. @throws Problem when there is no such place */
  abstract checkout(order: CheckoutOrder): Promise<{ url: string }>;

  /** Where the tenant's browser goes to see its cards and invoices. @throws Problem when there is no such place */
  abstract portal(order: PortalOrder): Promise<{ url: string }>;

  /** Tells an hour's total; the provider that bills by our invoices alone has no use for it. */
  abstract reportHour(report: HourReport): Promise<void>;

  /** Sees to it that a final invoice is paid. What comes of it is told by Payments.record or fail. */
  abstract collect(invoice: FinalInvoice): Promise<void>;

  /** Tells of a credit that was given. */
  abstract creditGrant(credit: GivenCredit): Promise<void>;
}
