import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Books } from '../testing/books.js';
import type { SubscriptionFacts } from './subscriptions.js';

let books: Books;
beforeAll(async () => {
  books = await Books.open();
});
afterAll(() => books?.close());

const stripe = (tenantId: string, more: Partial<SubscriptionFacts> = {}): SubscriptionFacts => ({
  ...{ tenantId, planId: 'developer', state: 'active', interval: 'month', currency: 'EUR' },
  periodStart: new Date('2026-11-10T14:37:12Z'),
  periodEnd: new Date('2026-12-10T14:37:12Z'),
  ...{ trialEnd: null, cancelAt: null, provider: 'stripe', external: { subscriptionId: 'sub_1' } },
  ...more,
});
const apply = (facts: SubscriptionFacts) =>
  books.system((tx) => books.subscriptions.apply(tx, facts));
const stateOf = (tenantId: string) =>
  books.system(async (tx) => ({
    subscription: await tx.subscription.findUnique({ where: { tenantId } }),
    segments: await tx.subscriptionSegment.findMany({
      where: { tenantId },
      orderBy: { startsAt: 'asc' },
    }),
    drafts: (
      await tx.invoice.findMany({ where: { tenantId }, orderBy: { periodStart: 'asc' } })
    ).map(({ periodStart, periodEnd }) => [periodStart.toISOString(), periodEnd.toISOString()]),
    plan: (await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } })).planId,
  }));

describe('subscriptions that a provider tells of', () => {
  test('from Free to a card: the old period ends where the new one begins, at a full hour', async () => {
    books.at('2026-11-01T00:00:00Z');
    const tenantId = await books.subscribed('free');
    books.at('2026-11-10T14:40:00Z');
    await apply(stripe(tenantId));
    const { subscription, segments, drafts, plan } = await stateOf(tenantId);
    expect(subscription).toMatchObject({
      ...{ planId: 'developer', provider: 'stripe', wholeHours: 720 },
      periodStart: new Date('2026-11-10T15:00:00Z'),
      periodEnd: new Date('2026-12-10T15:00:00Z'),
    });
    expect(segments.map(({ planId, startsAt }) => [planId, startsAt.toISOString()])).toEqual([
      ['free', '2026-11-01T00:00:00.000Z'],
      ['developer', '2026-11-10T15:00:00.000Z'],
    ]);
    expect(drafts).toEqual([['2026-11-01T00:00:00.000Z', '2026-11-10T15:00:00.000Z']]);
    expect(plan).toBe('developer');
  });

  test('the same facts again, and facts of a period that is over, change nothing', async () => {
    books.at('2026-11-10T14:40:00Z');
    const tenantId = await books.tenant();
    await apply(stripe(tenantId));
    books.at('2026-12-10T14:40:00Z');
    const next = {
      periodStart: new Date('2026-12-10T14:37:12Z'),
      periodEnd: new Date('2027-01-10T14:37:12Z'),
    };
    await apply(stripe(tenantId, next));
    const right = await stateOf(tenantId);
    expect(right.drafts).toEqual([['2026-11-10T15:00:00.000Z', '2026-12-10T15:00:00.000Z']]);
    await apply(stripe(tenantId, next));
    await apply(stripe(tenantId));
    await apply(stripe(tenantId, next));
    expect(await stateOf(tenantId)).toEqual(right);
  });

  test('the end of a subscription leads back to Free; the end of an older one is no news', async () => {
    books.at('2026-11-10T14:40:00Z');
    const tenantId = await books.tenant();
    await apply(stripe(tenantId));
    await apply(stripe(tenantId, { state: 'cancelled', external: { subscriptionId: 'sub_0' } }));
    expect((await stateOf(tenantId)).plan).toBe('developer');
    books.at('2026-11-20T09:30:00Z');
    await apply(stripe(tenantId, { state: 'cancelled' }));
    const ended = await stateOf(tenantId);
    expect(ended).toMatchObject({
      plan: 'free',
      subscription: { planId: 'free', provider: 'invoice', state: 'active' },
      drafts: [['2026-11-10T15:00:00.000Z', '2026-11-20T10:00:00.000Z']],
    });
    await apply(stripe(tenantId, { state: 'cancelled' }));
    expect(await stateOf(tenantId)).toEqual(ended);
    books.at('2026-11-20T11:00:00Z');
    await books.settle();
    const [invoice] = await books.invoices(tenantId);
    // 235 of 720 hours of the base.
    expect(invoice).toMatchObject({ totalMicro: 9_470_000n, provider: 'stripe' });
  });

  test('a change of plan at the provider holds from the next full hour, within the same period', async () => {
    books.at('2026-11-10T14:40:00Z');
    const tenantId = await books.tenant();
    await apply(stripe(tenantId));
    books.at('2026-11-20T09:30:00Z');
    for (let i = 0; i < 2; i++) await apply(stripe(tenantId, { planId: 'business' }));
    const { segments, drafts } = await stateOf(tenantId);
    expect(segments.map(({ planId, startsAt }) => [planId, startsAt.toISOString()])).toEqual([
      ['developer', '2026-11-10T15:00:00.000Z'],
      ['business', '2026-11-20T10:00:00.000Z'],
    ]);
    expect(drafts).toEqual([]);
  });
});
