import { Inject, Injectable } from '@nestjs/common';
import { giveCredit, PaymentRefused } from '#billing';
import {
  Problem,
  type CreditBody,
  type InvoiceWithLines,
  type OperatorBilling,
  type OperatorBillingPatch,
  type OperatorInvoice,
  type OperatorInvoicesQuery,
  type Page,
  type PaymentBody,
} from '#contracts';
import type { Tx } from '#database';
import { pageById } from '../data/paging.js';
import { missing } from '../http/validation.js';
import type { OperatorOrigin } from '../operator/current-operator.js';
import { BillingParts, PaymentProviders } from './billing-parts.js';
import { shownInvoice, shownSubscription, wholeInvoice } from './shown.js';

const LONG = { timeoutMs: 10_000 };

/** What the platform's staff can do to a tenant's money: each in one transaction, with who did it. */
@Injectable()
export class OperatorBillingService {
  constructor(
    @Inject(BillingParts) private readonly parts: BillingParts,
    @Inject(PaymentProviders) private readonly providers: PaymentProviders,
  ) {}

  show(tenantId: string): Promise<OperatorBilling> {
    return this.parts.database.asSystem((tx) => shown(tx, tenantId));
  }

  update(
    operator: OperatorOrigin,
    tenantId: string,
    patch: OperatorBillingPatch,
  ): Promise<OperatorBilling> {
    const { planId, interval, trialDays, addCoupon, removeCoupon, ...profile } = patch;
    return this.parts.database.asSystem(async (tx) => {
      const before = await shown(tx, tenantId);
      if (Object.keys(profile).length > 0) {
        await tx.billingProfile.upsert({
          where: { tenantId },
          create: { tenantId, ...given(profile) },
          update: given(profile),
        });
      }
      if (addCoupon !== undefined) await redeem(tx, tenantId, addCoupon);
      if (removeCoupon !== undefined) {
        await tx.tenantCoupon.deleteMany({ where: { tenantId, code: removeCoupon } });
      }
      if (planId !== undefined || interval !== undefined || trialDays !== undefined) {
        await this.setPlan(tx, operator, tenantId, patch);
      }
      const after = await shown(tx, tenantId);
      await this.parts.hooks.audit(tx, {
        ...{ tenantId, actor: operator, action: 'billing.updated', target: tenantId },
        ...{ before, after },
      });
      return after;
    }, LONG);
  }

  async credit(
    operator: OperatorOrigin,
    tenantId: string,
    body: CreditBody,
  ): Promise<OperatorBilling> {
    const { currency, reason, ref } = body;
    const amountMicro = BigInt(body.amountMicro);
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    const wish = { tenantId, currency, amountMicro, reason, ref, expiresAt, actor: operator };
    const { id, after } = await this.parts.database.asSystem(async (tx) => {
      await shown(tx, tenantId);
      const given = await giveCredit(tx, this.parts.hooks, wish);
      return { id: given, after: await shown(tx, tenantId) };
    });
    for (const provider of this.providers.all) {
      await provider.creditGrant({ id, tenantId, currency, amountMicro, reason, expiresAt });
    }
    return after;
  }

  invoices({ tenant, state, ...query }: OperatorInvoicesQuery): Promise<Page<OperatorInvoice>> {
    return this.parts.database.asSystem(async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.invoice.findUnique({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.invoice.findMany({
            where: {
              ...(tenant === undefined ? {} : { tenantId: tenant }),
              ...(state === undefined ? {} : { state }),
            },
            include: { tenant: { select: { name: true } } },
            orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
            ...args,
          }),
      });
      const data = page.data.map((row) => ({ ...shownInvoice(row), tenantName: row.tenant.name }));
      return { ...page, data };
    });
  }

  /** What an operator enters has arrived in the bank: it passes through clearing in one step. */
  async pay(
    operator: OperatorOrigin,
    invoiceId: string,
    body: PaymentBody,
  ): Promise<InvoiceWithLines> {
    const { currency, ref } = body;
    const at = body.at === undefined ? new Date(this.parts.clock.now()) : new Date(body.at);
    try {
      return await this.parts.database.asSystem(async (tx) => {
        const { tenantId } = await invoiceOf(tx, invoiceId);
        const facts = {
          ...{ tenantId, invoiceId, currency, at, actor: operator },
          amountMicro: BigInt(body.amountMicro),
          // Operators and providers name their payments by rules of their own.
          ...{ ref: `operator:${ref}`, provider: 'invoice' },
        };
        await this.parts.payments.record(tx, facts);
        await this.parts.payments.settle(tx, facts);
        return invoiceOf(tx, invoiceId);
      });
    } catch (error) {
      if (error instanceof PaymentRefused) throw new Problem('conflict', error.message);
      throw error;
    }
  }

  async void(
    operator: OperatorOrigin,
    invoiceId: string,
    redraw: boolean,
  ): Promise<InvoiceWithLines> {
    return this.parts.database.asSystem(async (tx) => {
      const { tenantId, state } = await invoiceOf(tx, invoiceId);
      const wish = { tenantId, invoiceId, redraw, actor: operator };
      if (!(await this.parts.invoices.void(tx, wish)) && state !== 'void') {
        throw new Problem(
          'conflict',
          `The invoice is ${state}, and only an open one that nothing was paid of is voided. Give credit instead.`,
        );
      }
      return invoiceOf(tx, invoiceId);
    }, LONG);
  }

  private async setPlan(
    tx: Tx,
    actor: OperatorOrigin,
    tenantId: string,
    { planId, interval, trialDays, currency }: OperatorBillingPatch,
  ): Promise<void> {
    const known = await tx.subscription.findUnique({ where: { tenantId } });
    if (known && known.provider !== 'invoice') {
      throw new Problem(
        'conflict',
        `This tenant pays through ${known.provider}: change its subscription there.`,
      );
    }
    const id = planId ?? known?.planId;
    const plan = id === undefined ? null : await tx.plan.findUnique({ where: { id } });
    if (!plan) throw missing('plan');
    const days = trialDays ?? 0;
    await this.parts.subscriptions.begin(tx, tenantId, plan.id, {
      interval: interval ?? known?.interval ?? 'month',
      ...(currency === undefined ? {} : { currency }),
      trialEnd: days === 0 ? null : new Date(this.parts.clock.now() + days * 86_400_000),
      actor,
    });
  }
}

async function invoiceOf(tx: Tx, id: string): Promise<InvoiceWithLines> {
  const invoice = await wholeInvoice(tx, id);
  if (!invoice) throw missing('invoice');
  return invoice;
}

async function redeem(tx: Tx, tenantId: string, code: string): Promise<void> {
  const coupon = await tx.coupon.findUnique({ where: { code } });
  if (!coupon?.active) throw missing('coupon');
  const remaining = { once: 1, repeating: coupon.invoices, forever: null }[coupon.duration];
  await tx.tenantCoupon.createMany({
    data: [{ tenantId, code, remaining }],
    skipDuplicates: true,
  });
}

async function shown(tx: Tx, tenantId: string): Promise<OperatorBilling> {
  const tenant = await tx.tenant.findUnique({
    where: { id: tenantId },
    include: {
      subscription: true,
      billingProfile: true,
      creditGrants: { orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: 100 },
      coupons: { orderBy: { code: 'asc' } },
    },
  });
  if (!tenant) throw missing('tenant');
  const profile = tenant.billingProfile;
  return {
    subscription: tenant.subscription && shownSubscription(tenant.subscription),
    profile: {
      currency: profile?.currency ?? 'EUR',
      name: profile?.name ?? '',
      address: profile?.address ?? '',
      email: profile?.email ?? '',
      taxName: profile?.taxName ?? 'VAT',
      taxBasisPoints: profile?.taxBasisPoints ?? 0,
      taxInclusive: profile?.taxInclusive ?? false,
    },
    credits: tenant.creditGrants.map(({ id, currency, reason, ...grant }) => ({
      ...{ id, currency, reason },
      amountMicro: String(grant.amountMicro),
      remainingMicro: String(grant.remainingMicro),
      expiresAt: grant.expiresAt?.toISOString() ?? null,
    })),
    coupons: tenant.coupons.map(({ code, remaining }) => ({ code, remaining })),
  };
}

/** Without what was left out: undefined is no value of a column. */
function given<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
