import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { balances } from '../ledger/balances.js';
import { giveCredit } from '../credits/credits.js';
import { Books } from '../testing/books.js';
import { FAILPOINTS, type FailpointName } from './failpoints.js';

class Died extends Error {}

let books: Books;
beforeAll(async () => {
  books = await Books.open();
});
afterAll(() => books?.close());

/** A month with everything in it: usage, a coupon, tax and a credit. */
async function month(): Promise<string> {
  books.at('2026-11-01T00:00:00Z');
  const tenantId = await books.subscribed('developer');
  await books.use(tenantId, '2026-11-05T10:00:00Z', 4_321_987);
  await books.system(async (tx) => {
    await tx.billingProfile.create({ data: { tenantId, taxBasisPoints: 1_900 } });
    const code = `C_${tenantId}`;
    await tx.coupon.create({ data: { code, name: 'x', basisPoints: 1_000, duration: 'once' } });
    await tx.tenantCoupon.create({ data: { tenantId, code, remaining: 1 } });
    await giveCredit(tx, books.hooks, {
      ...{ tenantId, ref: 'c', currency: 'EUR', amountMicro: 5_000_000n, reason: 'x' },
      ...{ expiresAt: null, actor: { id: 'system' } },
    });
  });
  return tenantId;
}

/** Everything that money is in, without what differs by tenant alone. */
async function booksOf(tenantId: string) {
  const [invoice, ...more] = await books.invoices(tenantId);
  const all = await books.system((tx) => balances(tx, tenantId));
  const credit = await books.system((tx) =>
    tx.creditGrant.findMany({ where: { tenantId }, select: { remainingMicro: true } }),
  );
  const coupon = await books.system((tx) =>
    tx.tenantCoupon.findMany({ where: { tenantId }, select: { remaining: true } }),
  );
  return {
    more: more.length,
    invoice: invoice && [invoice.state, invoice.totalMicro, invoice.dueMicro, invoice.creditMicro],
    lines: invoice?.lines.map(({ kind, units, amountMicro }) => [kind, units, amountMicro]),
    collected: invoice?.collectedAt !== null,
    balances: all,
    credit,
    coupon,
  };
}

describe('P6: a crash between any two steps of invoicing', () => {
  let right: Awaited<ReturnType<typeof booksOf>>;

  test('without one: the books that all others must end in', async () => {
    const tenantId = await month();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    right = await booksOf(tenantId);
    expect(right).toMatchObject({
      more: 0,
      collected: true,
      invoice: ['open', 39_950_000n, 34_950_000n, 5_000_000n],
    });
  });

  test.each(FAILPOINTS)('dies at %s, runs again, difference 0', async (point) => {
    const tenantId = await month();
    books.at('2026-12-01T01:00:00Z');
    const reached = new Set<FailpointName>();
    const dying = books.invoicing((name) => {
      reached.add(name);
      if (name === point) throw new Died(name);
    });
    await expect(dying.run()).rejects.toThrow(Died);
    expect(reached).toContain(point);
    await books.settle();
    expect(await booksOf(tenantId)).toEqual(right);
    const numbers = await books.system((tx) =>
      tx.invoice.findMany({ where: { number: { not: null } }, orderBy: { number: 'asc' } }),
    );
    expect(numbers.map(({ number }) => Number(number?.slice(8)))).toEqual(
      numbers.map((_, i) => i + 1),
    );
  });

  test('every point is one that a run passes', async () => {
    await month();
    books.at('2026-12-01T01:00:00Z');
    const passed = new Set<FailpointName>();
    await books.invoicing((name) => passed.add(name)).run();
    expect([...passed].sort()).toEqual([...FAILPOINTS].sort());
    process.stdout.write(`invoicing: ${FAILPOINTS.length} failpoints, difference 0 at each\n`);
  });
});
