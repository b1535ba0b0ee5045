import type { Tx } from '../database.js';

/** Tables of money whose rows belong to a tenant: it reads them, and of all of them changes its budget alone. */
export const BILLING_TABLES = [
  'subscription',
  'subscription_segment',
  'billing_profile',
  'invoice',
  'invoice_line',
  'invoice_line_hour',
  'payment',
  'ledger_account',
  'entry_tx',
  'entry',
  'credit_grant',
  'credit_use',
  'tenant_coupon',
  'spend_state',
] as const;

/** A row in each of them, and a budget. */
export async function makeMoney(tx: Tx, tenantId: string): Promise<void> {
  const at = new Date(Date.UTC(2026, 0));
  const end = new Date(Date.UTC(2026, 1));
  const planId = `plan_${tenantId}`;
  const invoiceId = `inv_${tenantId}`;
  const accountId = `${tenantId}:revenue:EUR`;
  const money = { tenantId, currency: 'EUR' };
  await tx.plan.create({ data: { id: planId, name: 'Plan' } });
  const period = { periodStart: at, periodEnd: end, wholeHours: 744, provider: 'invoice' };
  await tx.subscription.create({
    data: { ...money, planId, state: 'active', interval: 'month', ...period },
  });
  await tx.subscriptionSegment.create({
    data: { ...money, planId, startsAt: at, pricing: {}, interval: 'month' },
  });
  await tx.billingProfile.create({ data: money });
  await tx.invoice.create({ data: { ...money, id: invoiceId, finalizesAt: end, ...period } });
  await tx.invoiceLine.create({
    data: {
      ...{ tenantId, invoiceId, n: 1, kind: 'base', description: 'Base', amountMicro: 1n },
      ...{ periodStart: at, fromHour: at, toHour: end },
    },
  });
  await tx.invoiceLineHour.create({ data: { tenantId, invoiceId, n: 1, hour: at, units: 1n } });
  await tx.payment.create({
    data: {
      ...{ ...money, id: `pay_${tenantId}`, invoiceId, state: 'succeeded', amountMicro: 1n },
      ...{ ref: `ref_${tenantId}`, provider: 'invoice', at, createdBy: 'system' },
    },
  });
  await tx.ledgerAccount.create({ data: { ...money, id: accountId, kind: 'revenue' } });
  const { id: txId } = await tx.entryTx.create({
    data: { tenantId, extRef: `tx_${tenantId}`, kind: 'test', at },
  });
  await tx.entry.createMany({
    data: [1n, -1n].map((amountMicro, n) => ({ ...money, txId, n, accountId, amountMicro })),
  });
  const grant = { id: `crd_${tenantId}`, extRef: `crd_${tenantId}`, reason: 'x', createdBy: 'x' };
  await tx.creditGrant.create({
    data: { ...money, ...grant, amountMicro: 1n, remainingMicro: 0n },
  });
  await tx.creditUse.create({
    data: { tenantId, invoiceId, creditGrantId: grant.id, amountMicro: 1n },
  });
  const code = `C_${tenantId}`;
  await tx.coupon.create({ data: { code, name: 'x', basisPoints: 1, duration: 'forever' } });
  await tx.tenantCoupon.create({ data: { tenantId, code } });
  const budget = { ...money, appId: '' };
  await tx.budget.create({ data: { ...budget, amountMicro: 1n, stop: true } });
  await tx.spendState.create({
    data: { ...budget, level: 'ok', usedMicro: 0n, maxMicro: 1n, resetAt: end },
  });
}
