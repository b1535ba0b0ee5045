import { Inject, Injectable } from '@nestjs/common';
import {
  InvoiceProvider,
  Invoices,
  moneyText,
  Payments,
  SpendGuard,
  Subscriptions,
  type BillingHooks,
  type FinalInvoice,
  type PaymentProvider,
} from '#billing';
import { Database } from '#database';
import { emitEvent } from '#webhooks';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../data/clock.js';
import { Mailer } from './mailer.js';

/** Who may take the money on this platform. By invoice always; a card provider where one is connected. */
export class PaymentProviders {
  constructor(
    private readonly invoice: PaymentProvider,
    private readonly cards: PaymentProvider | null,
  ) {}

  /** Where new subscriptions are paid. */
  get chosen(): PaymentProvider {
    return this.cards ?? this.invoice;
  }

  get all(): readonly PaymentProvider[] {
    return this.cards === null ? [this.invoice] : [this.invoice, this.cards];
  }
}

/** The lib's parts, put together once with this process's database, clock, audit log and events. */
@Injectable()
export class BillingParts {
  readonly hooks: BillingHooks;
  readonly subscriptions: Subscriptions;
  readonly invoices: Invoices;
  readonly payments: Payments;
  readonly guard: SpendGuard;

  constructor(
    @Inject(Database) readonly database: Database,
    @Inject(Clock) readonly clock: Clock,
    @Inject(AuditTrail) audit: AuditTrail,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {
    this.hooks = {
      now: () => clock.now(),
      emit: (tx, event) => emitEvent(tx, { appId: null, ...event }),
      audit: (tx, { tenantId, actor, ...fact }) => audit.record(tx, { ...actor, tenantId }, fact),
    };
    this.subscriptions = new Subscriptions(this.hooks);
    this.invoices = new Invoices(this.hooks);
    this.payments = new Payments(this.hooks);
    this.guard = new SpendGuard(database, this.hooks);
  }

  byInvoice(): InvoiceProvider {
    return new InvoiceProvider((invoice) => this.mailInvoice(invoice));
  }

  /** Whom a tenant's money concerns: the address on its invoices, or its owners and who pays. */
  async recipients(tenantId: string): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      const profile = await tx.billingProfile.findUnique({ where: { tenantId } });
      if (profile && profile.email !== '') return [profile.email];
      const members = await tx.member.findMany({
        where: { tenantId, role: { in: ['owner', 'billing'] } },
        include: { user: { select: { email: true } } },
        take: 20,
      });
      return members.map(({ user }) => user.email);
    });
  }

  private async mailInvoice(invoice: FinalInvoice): Promise<void> {
    const { tenantId, number, currency, dueMicro, dueAt } = invoice;
    await this.mailer.send({
      to: await this.recipients(tenantId),
      subject: `Invoice ${number}`,
      text: `Invoice ${number} over ${moneyText(dueMicro, currency)} is due on ${dueAt.toISOString().slice(0, 10)}. It is on the billing page, as PDF too.`,
    });
  }
}
