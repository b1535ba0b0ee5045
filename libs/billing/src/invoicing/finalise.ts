import type { Invoice, Tx } from '#database';
import { giveCredit, useCredits } from '../credits/credits.js';
import { SYSTEM, type BillingHooks } from '../hooks.js';
import { post } from '../ledger/post.js';
import { accrue, writeLines } from './draft.js';
import { draw } from './draw.js';
import type { Failpoint } from './failpoints.js';

/** Days from the final invoice to when it is due. */
const TERM_DAYS = 14;

/**
 * Makes a draft final, in the caller's transaction: what came late is taken in, then number, books,
 * credits and notices, all of them or none.
 */
export async function finalise(
  tx: Tx,
  hooks: BillingHooks,
  invoice: Invoice,
  failpoint: Failpoint,
): Promise<void> {
  const { id: invoiceId, tenantId, currency, totalMicro, taxMicro } = invoice;
  const at = new Date(hooks.now());
  const drawing = await draw(tx, invoice);
  await writeLines(tx, invoice, drawing);
  const now = drawing.totals;
  // Between the draft and now, usage came in.
  const late = now.netMicro - (totalMicro - taxMicro);
  await accrue(tx, invoice, `usage-late:${invoiceId}`, late);
  failpoint('final:drawn');
  const number = await nextNumber(tx, at);
  failpoint('final:numbered');
  await post(tx, {
    ...{ tenantId, currency, at, kind: 'invoice', extRef: `invoice:${invoiceId}` },
    entries: [
      { account: 'receivable', amountMicro: now.totalMicro },
      { account: 'usage_unbilled', amountMicro: -now.netMicro },
      { account: 'tax', amountMicro: -now.taxMicro },
    ],
  });
  failpoint('final:posted');
  const creditMicro = await settleWithCredit(tx, hooks, invoice, now.totalMicro, at);
  for (const { coupon } of now.discounts) {
    await tx.tenantCoupon.updateMany({
      where: { tenantId, code: coupon.code, remaining: { not: null } },
      data: { remaining: { decrement: 1 } },
    });
  }
  failpoint('final:credited');
  const dueMicro = now.totalMicro - creditMicro;
  const dueAt = new Date(at.getTime() + TERM_DAYS * 86_400_000);
  await tx.invoice.update({
    where: { id: invoiceId },
    data: {
      ...{ number, creditMicro, dueMicro, dueAt, finalizedAt: at },
      ...(dueMicro === 0n ? { state: 'paid', paidAt: at } : { state: 'open' }),
    },
  });
  await tell(tx, hooks, { tenantId, invoiceId, number, currency, dueMicro, dueAt });
  failpoint('final:told');
}

/**
 * Numbers follow one another without a gap over the whole platform: the counter moves in the transaction
 * that uses its value, so a rollback takes it back. Invoices become final one after another for it.
 */
async function nextNumber(tx: Tx, at: Date): Promise<string> {
  const year = at.getUTCFullYear();
  const [row] = await tx.$queryRaw<{ last: number }[]>`
    INSERT INTO invoice_number (year, last) VALUES (${year}, 1)
    ON CONFLICT (year) DO UPDATE SET last = invoice_number.last + 1 RETURNING last`;
  return `HL-${year}-${String(row?.last).padStart(6, '0')}`;
}

/** @returns what credits pay of the total; for a total below nothing, what is given as credit (negative). */
async function settleWithCredit(
  tx: Tx,
  hooks: BillingHooks,
  { id: invoiceId, tenantId, currency }: Invoice,
  totalMicro: bigint,
  at: Date,
): Promise<bigint> {
  if (totalMicro < 0n) {
    // Not a promotion: it is owed, so it is moved out of receivable instead of costing credits_granted.
    await giveBack(tx, hooks, { tenantId, invoiceId, currency, amountMicro: -totalMicro, at });
    return totalMicro;
  }
  const upTo = totalMicro;
  const used = await useCredits(tx, { tenantId, invoiceId, currency, upTo, at });
  await post(tx, {
    ...{ tenantId, currency, at, kind: 'credit', extRef: `credit:${invoiceId}` },
    entries: [
      { account: 'credits_consumed', amountMicro: used },
      { account: 'receivable', amountMicro: -used },
    ],
  });
  return used;
}

async function giveBack(
  tx: Tx,
  hooks: BillingHooks,
  back: { tenantId: string; invoiceId: string; currency: string; amountMicro: bigint; at: Date },
): Promise<void> {
  const { tenantId, invoiceId, currency, amountMicro, at } = back;
  await giveCredit(tx, hooks, {
    ...{ tenantId, currency, amountMicro, expiresAt: null, actor: SYSTEM },
    reason: 'Corrections of earlier periods exceed this one',
    ref: `carry:${invoiceId}`,
  });
  await post(tx, {
    ...{ tenantId, currency, at, kind: 'carry', extRef: `carry:${invoiceId}` },
    entries: [
      { account: 'receivable', amountMicro },
      { account: 'credits_granted', amountMicro: -amountMicro },
    ],
  });
}

async function tell(
  tx: Tx,
  hooks: BillingHooks,
  facts: {
    tenantId: string;
    invoiceId: string;
    number: string;
    currency: string;
    dueMicro: bigint;
    dueAt: Date;
  },
): Promise<void> {
  const { tenantId, invoiceId, number, currency } = facts;
  const dueMicro = String(facts.dueMicro);
  await hooks.audit(tx, {
    ...{ tenantId, actor: SYSTEM, action: 'invoice.finalized', target: invoiceId },
    after: { number, dueMicro, currency },
  });
  const data = { invoiceId, number, dueMicro, currency, dueAt: facts.dueAt.toISOString() };
  await hooks.emit(tx, {
    ...{ tenantId, type: 'invoice.finalized', data, key: `invoice.finalized:${invoiceId}` },
  });
  if (facts.dueMicro === 0n) {
    await hooks.emit(tx, {
      ...{ tenantId, type: 'invoice.paid', data, key: `invoice.paid:${invoiceId}` },
    });
  }
}
