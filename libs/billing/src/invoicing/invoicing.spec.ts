import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Tx } from '#database';
import { giveCredit } from '../credits/credits.js';
import { uncleared } from '../ledger/balances.js';
import { Payments } from '../payments/payments.js';
import { changePlan, retirePlan } from '../plans/catalogue.js';
import { Books } from '../testing/books.js';
import { explain } from './explain.js';
import { Invoices } from './invoices.js';

let books: Books;
beforeAll(async () => {
  books = await Books.open();
});
afterAll(() => books?.close());

const NOVEMBER = '2026-11-01T00:00:00Z';
const system = <T>(work: (tx: Tx) => Promise<T>) => books.system(work);

/** A Developer who used 3 million messages more than are included. */
async function busy(): Promise<string> {
  books.at(NOVEMBER);
  const tenantId = await books.subscribed('developer');
  await books.use(tenantId, '2026-11-05T10:00:00Z', 2_000_000);
  await books.use(tenantId, '2026-11-20T10:00:00Z', 2_000_000, { appId: 'app_2' });
  return tenantId;
}

describe('P6: a period’s invoice', () => {
  test('base and usage, numbered, due, and in the books to the unit', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    expect(invoice).toMatchObject({
      state: 'open',
      totalMicro: 36_500_000n,
      dueMicro: 36_500_000n,
      periodStart: new Date(NOVEMBER),
      periodEnd: new Date('2026-12-01T00:00:00Z'),
    });
    expect(invoice?.number).toMatch(/^HL-2026-\d{6}$/);
    expect(invoice?.lines.map(({ kind, amountMicro }) => [kind, amountMicro])).toEqual([
      ['base', 29_000_000n],
      ['usage', 7_500_000n],
    ]);
    expect(await books.balances(tenantId)).toEqual({ receivable: 36.5, revenue: -36.5 });
    expect(books.provider.collected.filter((one) => one.tenantId === tenantId)).toHaveLength(1);
  });

  test('usage that comes within the hour of grace is on it, later it is a line of the next', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T00:30:00Z');
    await books.settle();
    const [draft] = await books.invoices(tenantId);
    expect(draft).toMatchObject({ state: 'draft', number: null, totalMicro: 36_500_000n });
    expect(await books.balances(tenantId)).toEqual({ usage_unbilled: 36.5, revenue: -36.5 });
    await books.use(tenantId, '2026-11-20T10:00:00Z', 1_000_000);
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [final] = await books.invoices(tenantId);
    expect(final).toMatchObject({ state: 'open', totalMicro: 39_000_000n });
    await books.use(tenantId, '2026-11-20T11:00:00Z', 400_000);
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    const [, december] = await books.invoices(tenantId);
    expect(
      december?.lines.map(({ kind, amountMicro, units }) => [kind, units, amountMicro]),
    ).toEqual([
      ['base', 0n, 29_000_000n],
      ['adjustment', 400_000n, 1_000_000n],
    ]);
    books.at('2027-02-01T01:00:00Z');
    await books.settle();
    const [, , january] = await books.invoices(tenantId);
    expect(january?.lines.map(({ kind }) => kind)).toEqual(['base']);
    expect(await books.balances(tenantId)).toEqual({ receivable: 98, revenue: -98 });
  });

  test('numbers follow one another without a gap over all tenants', async () => {
    for (let i = 0; i < 3; i++) await busy();
    books.at('2026-12-01T01:00:00Z');
    await Promise.all([books.invoicing().run(), books.invoicing().run()]);
    await books.settle();
    const rows = await system((tx) =>
      tx.invoice.findMany({
        where: { number: { startsWith: 'HL-2026-' } },
        orderBy: { number: 'asc' },
      }),
    );
    expect(rows.map(({ number }) => Number(number?.slice(8)))).toEqual(rows.map((_, i) => i + 1));
  });

  test('a change of plan in mid-period bills each for its hours, and no hour twice', async () => {
    const tenantId = await busy();
    books.at('2026-11-15T23:30:00Z');
    await system((tx) => books.subscriptions.begin(tx, tenantId, 'business'));
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    expect(
      invoice?.lines.map(({ planId, kind, units, amountMicro }) => [
        planId,
        kind,
        units,
        amountMicro,
      ]),
    ).toEqual([
      ['developer', 'base', 0n, 14_500_000n],
      ['business', 'base', 0n, 149_500_000n],
      ['developer', 'usage', 2_000_000n, 2_500_000n],
      ['business', 'usage', 2_000_000n, 0n],
    ]);
  });

  test('an edited plan’s prices hold from the next period on', async () => {
    await system((tx) =>
      tx.plan.create({
        data: {
          id: 'edited',
          name: 'Edited',
          pricing: { currencies: { EUR: { base: { month: '10000000' } } } },
        },
      }),
    );
    books.at(NOVEMBER);
    const tenantId = await books.subscribed('edited');
    const dearer = {
      included: {},
      currencies: { EUR: { base: { month: '20000000' }, meters: {} } },
    };
    await system((tx) =>
      changePlan(tx, 'edited', { pricing: { ...dearer, trialDays: 0, public: false } }),
    );
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    expect((await books.invoices(tenantId)).map(({ totalMicro }) => totalMicro)).toEqual([
      10_000_000n,
      20_000_000n,
    ]);
  });

  test('a plan retired while in use goes on for those who have it, and cannot be deleted', async () => {
    await system((tx) =>
      tx.plan.create({
        data: {
          id: 'leaving',
          name: 'Leaving',
          pricing: { currencies: { EUR: { base: { month: '5000000' } } } },
        },
      }),
    );
    books.at(NOVEMBER);
    const tenantId = await books.subscribed('leaving');
    expect(await system((tx) => retirePlan(tx, 'leaving'))).toBe(1);
    await expect(system((tx) => tx.plan.delete({ where: { id: 'leaving' } }))).rejects.toThrow();
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    expect((await books.invoices(tenantId)).map(({ totalMicro }) => totalMicro)).toEqual([
      5_000_000n,
      5_000_000n,
    ]);
  });

  test('a tenant closed in mid-month gets a last invoice over the part it used, and none after it', async () => {
    const tenantId = await busy();
    books.at('2026-11-15T23:10:00Z');
    await system((tx) => tx.tenant.update({ where: { id: tenantId }, data: { status: 'closed' } }));
    await books.settle();
    books.at('2026-11-16T01:00:00Z');
    await books.settle();
    books.at('2027-02-01T01:00:00Z');
    await books.settle();
    const invoices = await books.invoices(tenantId);
    expect(invoices).toMatchObject([
      { state: 'open', totalMicro: 17_000_000n, periodEnd: new Date('2026-11-16T00:00:00Z') },
    ]);
  });

  test('a trial costs nothing until it ends', async () => {
    books.at(NOVEMBER);
    const tenantId = await books.tenant();
    await system((tx) =>
      books.subscriptions.begin(tx, tenantId, 'developer', {
        trialEnd: new Date('2026-11-16T00:00:00Z'),
      }),
    );
    await books.use(tenantId, '2026-11-05T10:00:00Z', 5_000_000);
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    expect(invoice).toMatchObject({ totalMicro: 14_500_000n });
    const subscription = await system((tx) => tx.subscription.findUnique({ where: { tenantId } }));
    expect(subscription?.state).toBe('active');
  });

  test('coupons, then tax, then credits; a coupon holds for as many invoices as it says', async () => {
    const tenantId = await busy();
    await system(async (tx) => {
      await tx.billingProfile.create({ data: { tenantId, taxBasisPoints: 2_000 } });
      await tx.coupon.create({
        data: { code: 'HALF', name: 'Half', basisPoints: 5_000, duration: 'once' },
      });
      await tx.tenantCoupon.create({ data: { tenantId, code: 'HALF', remaining: 1 } });
      for (const ref of ['welcome', 'welcome'])
        await giveCredit(tx, books.hooks, {
          ...{ tenantId, ref, currency: 'EUR', amountMicro: 30_000_000n },
          ...{ reason: 'Welcome', expiresAt: null, actor: { id: 'opr_1' } },
        });
    });
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    expect(invoice).toMatchObject({
      state: 'paid',
      ...{ subtotalMicro: 36_500_000n, discountMicro: 18_250_000n, taxMicro: 3_650_000n },
      ...{ totalMicro: 21_900_000n, creditMicro: 21_900_000n, dueMicro: 0n },
    });
    expect(await books.balances(tenantId)).toEqual({
      ...{ revenue: -18.25, tax: -3.65, credits_granted: 30, credits_consumed: -8.1 },
    });
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    const [, next] = await books.invoices(tenantId);
    expect(next).toMatchObject({ totalMicro: 34_800_000n, creditMicro: 8_100_000n, state: 'open' });
  });

  test('a credit whose time is over pays nothing and leaves the books', async () => {
    books.at(NOVEMBER);
    const tenantId = await books.subscribed('developer');
    await system((tx) =>
      giveCredit(tx, books.hooks, {
        ...{ tenantId, ref: 'short', currency: 'EUR', amountMicro: 9_000_000n },
        ...{ reason: 'Short', expiresAt: new Date('2026-11-20T00:00:00Z'), actor: { id: 'opr_1' } },
      }),
    );
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    expect((await books.invoices(tenantId))[0]).toMatchObject({ creditMicro: 0n });
    expect(await books.balances(tenantId)).toEqual({ receivable: 29, revenue: -29 });
  });

  test('a payment is taken once, pays the invoice, and has passed through clearing when it settled', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    const payments = new Payments(books.hooks);
    const facts = {
      ...{ tenantId, invoiceId: invoice!.id, amountMicro: 36_500_000n, currency: 'EUR' },
      ...{ ref: `bank-${tenantId}`, provider: 'invoice', at: new Date(books.now) },
    };
    expect(await system((tx) => payments.record(tx, facts))).toBe(true);
    expect(await system((tx) => payments.record(tx, facts))).toBe(false);
    expect(await books.balances(tenantId)).toEqual({ cash_clearing: 36.5, revenue: -36.5 });
    for (let i = 0; i < 2; i++) await system((tx) => payments.settle(tx, facts));
    expect(await books.balances(tenantId)).toEqual({ cash: 36.5, revenue: -36.5 });
    expect((await books.invoices(tenantId))[0]?.state).toBe('paid');
    await expect(
      system((tx) => payments.record(tx, { ...facts, amountMicro: 1n })),
    ).rejects.toThrow(/says something else/);
    await expect(
      system((tx) => payments.record(tx, { ...facts, ref: 'other', currency: 'USD' })),
    ).rejects.toThrow(/in EUR/);
    expect(
      await system((tx) => payments.fail(tx, { ...facts, ref: 'failed', reason: 'card declined' })),
    ).toBe(true);
  });

  test('a voided invoice leaves no trace in the balances, and the period can be drawn up anew', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    const invoices = new Invoices(books.hooks);
    const wish = { tenantId, invoiceId: invoice!.id };
    expect(await system((tx) => invoices.void(tx, wish))).toBe(true);
    expect(await books.balances(tenantId)).toEqual({});
    expect(await system((tx) => invoices.void(tx, wish))).toBe(false);
    const again = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [first] = await books.invoices(again);
    await system((tx) =>
      invoices.void(tx, { tenantId: again, invoiceId: first!.id, redraw: true }),
    );
    await books.settle();
    expect(await books.invoices(again)).toMatchObject([
      { state: 'void', revision: 0 },
      { state: 'open', revision: 1, totalMicro: 36_500_000n },
    ]);
    expect(await books.balances(again)).toEqual({ receivable: 36.5, revenue: -36.5 });
  });

  test('a final invoice’s lines can be neither changed nor removed, by anybody', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    const where = { invoiceId: invoice!.id };
    await expect(system((tx) => tx.invoiceLine.deleteMany({ where }))).rejects.toThrow();
    await expect(system((tx) => tx.invoiceLineHour.deleteMany({ where }))).rejects.toThrow();
  });

  test('a line is explained down to hours and apps, and recounting shows what changed since', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    const ask = () => system((tx) => explain(tx, tenantId, invoice!.id, 2));
    expect(await ask()).toMatchObject({
      billedUnits: '4000000',
      recountedUnits: '4000000',
      differenceUnits: '0',
      apps: { app_1: '2000000', app_2: '2000000' },
      hours: [
        { hour: '2026-11-05T10:00:00.000Z', billedUnits: '2000000', apps: { app_1: '2000000' } },
        { hour: '2026-11-20T10:00:00.000Z', billedUnits: '2000000', apps: { app_2: '2000000' } },
      ],
    });
    await books.use(tenantId, '2026-11-05T10:00:00Z', 7);
    expect(await ask()).toMatchObject({ recountedUnits: '4000007', differenceUnits: '7' });
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    expect(await ask()).toMatchObject({ differenceUnits: '0' });
    expect(await system((tx) => explain(tx, 'ten_other', invoice!.id, 2))).toBeNull();
  });

  test('corrections that exceed the next invoice become credit, and nobody owes less than nothing', async () => {
    const tenantId = await busy();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    // All of November turns out not to have been used, and December is free from its second hour on.
    await system((tx) => tx.usageHour.updateMany({ where: { tenantId }, data: { units: 0n } }));
    await system((tx) =>
      books.subscriptions.begin(tx, tenantId, 'free', { at: new Date('2026-12-01T00:00:00Z') }),
    );
    books.at('2027-01-01T01:00:00Z');
    await books.settle();
    const [, december] = await books.invoices(tenantId);
    expect(december).toMatchObject({ totalMicro: -7_460_000n, dueMicro: 0n, state: 'paid' });
    expect(await books.balances(tenantId)).toEqual({
      ...{ receivable: 36.5, revenue: -29.04, credits_consumed: -7.46 },
    });
  });

  test('a clock that jumped draws nothing up; one that goes back does nothing twice', async () => {
    const tenantId = await busy();
    const right = books.now;
    books.at('2027-06-01T00:00:00Z');
    expect(await books.invoicing(undefined, async () => right).run()).toBe(false);
    expect(await books.invoices(tenantId)).toEqual([]);
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    const before = await books.invoices(tenantId);
    books.at('2026-11-03T00:00:00Z');
    await books.settle();
    books.at('2026-12-01T01:00:00Z');
    await books.settle();
    expect(await books.invoices(tenantId)).toEqual(before);
  });

  test('a clock that was moved on purpose draws up, and not when it is wrong by more than it was moved', async () => {
    books.at('2026-11-01T00:00:00Z');
    const tenantId = await books.subscribed('developer');
    const world = async () => Date.parse('2026-11-01T00:00:00Z');
    const month = 30 * 24 * 3_600_000;
    books.at('2026-12-01T00:10:00Z');
    expect(await books.invoicing(undefined, world, month).run()).toBe(false);
    books.at('2026-12-01T00:00:00Z');
    expect(await books.invoicing(undefined, world, month).run()).not.toBe(false);
    expect(await books.invoices(tenantId)).toHaveLength(1);
  });

  test('nothing is left in a clearing account once every draft is final', async () => {
    books.at('2027-02-01T02:00:00Z');
    await books.settle();
    const left = await system(uncleared);
    expect(left.filter(({ account }) => account === 'usage_unbilled')).toEqual([]);
  });
});
