import type { Tx } from '#database';
import type { Actor, BillingHooks } from '../hooks.js';
import { newBillingId } from '../ids.js';
import { post } from '../ledger/post.js';

export interface CreditWish {
  readonly tenantId: string;
  readonly currency: string;
  readonly amountMicro: bigint;
  readonly reason: string;
  /** The same grant is given once. */
  readonly ref: string;
  readonly expiresAt: Date | null;
  readonly actor: Actor;
}

/** Gives a credit. @returns its id, the same one again when it was given before */
export async function giveCredit(tx: Tx, hooks: BillingHooks, wish: CreditWish): Promise<string> {
  const { tenantId, currency, amountMicro, reason, ref, expiresAt, actor } = wish;
  const extRef = `${tenantId}:${ref}`;
  const id = newBillingId('crd');
  const at = new Date(hooks.now());
  const { count } = await tx.creditGrant.createMany({
    data: [
      {
        ...{ id, tenantId, currency, amountMicro, remainingMicro: amountMicro },
        ...{ reason, extRef, expiresAt, createdBy: actor.id, createdAt: at },
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return (await tx.creditGrant.findUniqueOrThrow({ where: { extRef } })).id;
  await post(tx, {
    ...{ tenantId, currency, at, kind: 'credit grant', extRef: `grant:${id}` },
    entries: [
      { account: 'credits_granted', amountMicro },
      { account: 'credits_consumed', amountMicro: -amountMicro },
    ],
  });
  await hooks.audit(tx, {
    ...{ tenantId, actor, action: 'credit.granted', target: id },
    after: { amountMicro: String(amountMicro), currency, reason },
  });
  return id;
}

/** Pays as much of an amount as the tenant's credits allow: those that expire first go first. */
export async function useCredits(
  tx: Tx,
  wish: { tenantId: string; invoiceId: string; currency: string; upTo: bigint; at: Date },
): Promise<bigint> {
  const { tenantId, invoiceId, currency, at } = wish;
  await tx.$executeRaw`SELECT FROM credit_grant WHERE tenant_id = ${tenantId} ORDER BY id FOR UPDATE`;
  const grants = await tx.creditGrant.findMany({
    where: {
      ...{ tenantId, currency, remainingMicro: { gt: 0n } },
      OR: [{ expiresAt: null }, { expiresAt: { gt: at } }],
    },
    orderBy: [{ expiresAt: { sort: 'asc', nulls: 'last' } }, { createdAt: 'asc' }, { id: 'asc' }],
  });
  let left = wish.upTo;
  for (const { id, remainingMicro } of grants) {
    const amountMicro = remainingMicro < left ? remainingMicro : left;
    if (amountMicro <= 0n) break;
    left -= amountMicro;
    await tx.creditGrant.update({
      where: { id },
      data: { remainingMicro: { decrement: amountMicro } },
    });
    await tx.creditUse.create({ data: { tenantId, invoiceId, creditGrantId: id, amountMicro } });
  }
  return wish.upTo - left;
}

/** What is left of credits whose time is over is nobody's: it leaves the books by itself. */
export async function expireCredits(tx: Tx, hooks: BillingHooks): Promise<number> {
  const at = new Date(hooks.now());
  const over = await tx.creditGrant.findMany({
    where: { remainingMicro: { gt: 0n }, expiresAt: { lte: at } },
    take: 100,
    orderBy: { id: 'asc' },
  });
  for (const { id, tenantId, currency, remainingMicro } of over) {
    // Another worker, or an invoice, may have been faster.
    const { count } = await tx.creditGrant.updateMany({
      where: { id, remainingMicro },
      data: { remainingMicro: 0n },
    });
    if (count === 0) continue;
    await post(tx, {
      ...{
        tenantId,
        currency,
        at,
        kind: 'credit expiry',
        extRef: `expiry:${id}:${remainingMicro}`,
      },
      entries: [
        { account: 'credits_consumed', amountMicro: remainingMicro },
        { account: 'credits_granted', amountMicro: -remainingMicro },
      ],
    });
  }
  return over.length;
}
