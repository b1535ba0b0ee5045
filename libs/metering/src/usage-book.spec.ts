import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redeliveries } from './redeliveries.js';
import { UsageBook, type CountedAnswer } from './usage-book.js';

const HOUR = Date.UTC(2026, 0, 1, 10);
const payer = (appId: string, keyId = 'k') => ({ tenantId: `t-${appId}`, appId, keyId });
const answer = (counts: Record<string, number>, app = 'a'): CountedAnswer => ({
  counts: Object.entries(counts).map(([name, messages]) => ({
    channel: { ref: { app, name } },
    messages,
  })),
});

describe('what is delivered', () => {
  test('P6: by key and by channel it adds up to the same, for any answers to any receivers in any batches', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            counts: fc.dictionary(
              fc.constantFrom('x', 'y', 'z:1', '\u0001presence/x'),
              fc.integer({ min: 1, max: 9 }),
              { minKeys: 1 },
            ),
            keys: fc.array(fc.constantFrom('k1', 'k2'), { minLength: 1, maxLength: 5 }),
            takesAfter: fc.boolean(),
          }),
        ),
        (answers) => {
          const book = new UsageBook();
          let byKey = 0;
          let byChannel = 0;
          let expected = 0;
          const take = () => {
            const rows = book.take(HOUR, 0);
            for (const row of rows?.keys ?? []) byKey += row.units;
            for (const row of rows?.channels ?? []) byChannel += row.units;
          };
          for (const { counts, keys, takesAfter } of answers) {
            const shared = answer(counts);
            for (const key of keys) {
              book.delivered(book.account(payer('a', key)), shared);
              for (const [name, messages] of Object.entries(counts))
                if (!name.startsWith('\u0001')) expected += messages;
            }
            if (takesAfter) take();
          }
          take();
          expect([byKey, byChannel]).toEqual([expected, expected]);
        },
      ),
    );
  });

  test('what a client had been handed before is free, in both views', () => {
    const book = new UsageBook();
    const account = book.account(payer('a'));
    const shared = answer({ x: 3 });
    book.delivered(account, shared, 0);
    book.delivered(account, shared, 3);
    book.delivered(account, shared, 1);
    const rows = book.take(HOUR, 0)!;
    expect(rows.keys).toMatchObject([{ meter: 'messages_delivered', units: 5 }]);
    expect(rows.channels).toMatchObject([{ channel: 'x', units: 5 }]);
  });

  test('channels beyond the bound share the empty name, and none of their units is lost', () => {
    const book = new UsageBook({ channels: 2 });
    const account = book.account(payer('a'));
    for (const name of ['x', 'y', 'z', 'w', 'x']) book.deliveredOne(account, name, 1);
    const { channels } = book.take(HOUR, 0)!;
    expect(Object.fromEntries(channels.map(({ channel, units }) => [channel, units]))).toEqual({
      x: 2,
      y: 1,
      '': 2,
    });
  });
});

describe('what is held', () => {
  test('P6: whenever it is taken, milliseconds add up to what was held: never more, less than one less', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            what: fc.constantFrom('begin', 'end', 'take'),
            after: fc.double({ min: 0, max: 5000, noNaN: true }),
          }),
        ),
        (steps) => {
          const book = new UsageBook();
          const account = book.account(payer('a'));
          let now = 1000;
          let holds = 0;
          let truth = 0;
          let counted = 0;
          const take = () => {
            for (const row of book.take(HOUR, now)?.keys ?? []) counted += row.units;
          };
          for (const { what, after } of steps) {
            now += after;
            truth += holds * after;
            if (what === 'begin') {
              holds += 1;
              account.beginHold(now);
            } else if (what === 'end' && holds > 0) {
              holds -= 1;
              account.endHold(now);
            } else take();
          }
          take();
          expect(counted).toBeLessThanOrEqual(truth + 1e-3);
          expect(counted).toBeGreaterThan(truth - 1 - 1e-3);
        },
      ),
    );
  });

  test('the peak of a tenant is over all its keys and apps, and what still holds counts on', () => {
    const book = new UsageBook();
    const one = book.account({ tenantId: 't', appId: 'a', keyId: 'k1' });
    const two = book.account({ tenantId: 't', appId: 'b', keyId: 'k2' });
    one.beginHold(0);
    two.beginHold(0);
    two.beginHold(0);
    two.endHold(10);
    two.endHold(10);
    expect(book.take(HOUR, 10)!.tenants).toEqual([
      { tenant: 't', meter: 'peak_holds', hour: HOUR, units: 3 },
    ]);
    expect(book.take(HOUR, 20)!.tenants).toMatchObject([{ units: 1 }]);
  });

  test('nothing used is nothing to keep', () => {
    const book = new UsageBook();
    book.account(payer('a'));
    expect(book.take(HOUR, 0)).toBeNull();
  });
});

describe('clients that ask again', () => {
  test('what they get again at the same place is not fresh; more of it is', () => {
    const seen = new Redeliveries();
    expect(seen.fresh('a', 'ann', 'c1', 3)).toBe(3);
    expect(seen.fresh('a', 'ann', 'c1', 3)).toBe(0);
    expect(seen.fresh('a', 'ann', 'c1', 5)).toBe(2);
    expect(seen.fresh('a', 'bob', 'c1', 3)).toBe(3);
    expect(seen.fresh('b', 'ann', 'c1', 3)).toBe(3);
    expect(seen.fresh('a', 'ann', 'c2', 1)).toBe(1);
  });

  test('P6: a process that recalls what the one before noted goes on as if it were that one', () => {
    const before = new Redeliveries();
    before.fresh('a', 'ann', 'c1', 3);
    const after = new Redeliveries();
    after.recall(before.takeNews());
    expect(after.fresh('a', 'ann', 'c1', 4)).toBe(1);
    expect(before.takeNews()).toEqual([]);
  });
});
