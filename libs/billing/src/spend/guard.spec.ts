import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Prisma } from '#database';
import { Books } from '../testing/books.js';
import { SpendGuard } from './guard.js';

let books: Books;
let guard: SpendGuard;
beforeAll(async () => {
  books = await Books.open();
  guard = new SpendGuard(books.database, books.hooks);
  await books.system((tx) =>
    tx.plan.create({
      data: {
        ...{ id: 'cents', name: 'A cent a message' },
        pricing: {
          currencies: {
            EUR: {
              base: { month: '29000000' },
              meters: {
                messages_published: {
                  mode: 'flat',
                  tiers: [{ upTo: null, amountMicro: '10000', per: '1' }],
                },
              },
            },
          },
        },
      },
    }),
  );
});
afterAll(() => books?.close());

interface Wish {
  appId?: string;
  euros?: number;
  degrade?: { windowMs: number; conflate?: string } | null;
  stop?: boolean;
}

/** A tenant that pays a cent a message, with a budget. */
async function budgeted(wish: Wish = {}): Promise<string> {
  books.at('2026-11-01T00:00:00Z');
  const tenantId = await books.subscribed('cents');
  for (const id of ['a', 'b']) {
    await books.system((tx) =>
      tx.app.create({ data: { id: `${tenantId}_${id}`, tenantId, name: id } }),
    );
  }
  await budget(tenantId, wish);
  return tenantId;
}

async function budget(tenantId: string, wish: Wish): Promise<void> {
  const { appId = '', euros = 10, degrade = null, stop = true } = wish;
  const data = {
    ...{ currency: 'EUR', stop, amountMicro: BigInt(euros) * 1_000_000n },
    degrade: degrade ?? Prisma.DbNull,
  };
  await books.system((tx) =>
    tx.budget.upsert({
      where: { tenantId_appId: { tenantId, appId } },
      create: { tenantId, appId, ...data },
      update: data,
    }),
  );
}

const spend = (tenantId: string, messages: number, app = 'a') =>
  books.use(tenantId, '2026-11-10T10:00:00Z', messages, { appId: `${tenantId}_${app}` });
const level = async (tenantId: string, appId = '') => {
  await guard.look(tenantId);
  const state = await books.system((tx) =>
    tx.spendState.findUniqueOrThrow({ where: { tenantId_appId: { tenantId, appId } } }),
  );
  return state.level;
};
const versions = async (tenantId: string) =>
  Object.fromEntries(
    (await books.system((tx) => tx.app.findMany({ where: { tenantId } }))).map((app) => [
      app.name,
      app.version,
    ]),
  );
const told = (tenantId: string) =>
  books.events
    .filter((event) => event.tenantId === tenantId && event.type.startsWith('budget.'))
    .map(({ type }) => type);

describe('the spend guard', () => {
  test('warns at 80 %, degrades at 90 %, stops at 100 %: to the cent, and tells each once', async () => {
    const tenantId = await budgeted({ degrade: { windowMs: 1_000, conflate: 'key' } });
    const steps = [
      [799, 'ok'],
      [1, 'warned'],
      [99, 'warned'],
      [1, 'degraded'],
      [99, 'degraded'],
      [1, 'stopped'],
      [5, 'stopped'],
    ] as const;
    for (const [more, expected] of steps) {
      await spend(tenantId, more);
      expect(await level(tenantId)).toBe(expected);
      await guard.look(tenantId);
    }
    expect(told(tenantId)).toEqual(['budget.warning', 'budget.degraded', 'budget.reached']);
  });

  test('one look over all levels tells of each', async () => {
    const tenantId = await budgeted({ degrade: { windowMs: 1_000 }, stop: false });
    await spend(tenantId, 2_000);
    expect(await level(tenantId)).toBe('degraded');
    expect(told(tenantId)).toEqual(['budget.warning', 'budget.degraded', 'budget.reached']);
  });

  test('a budget that goes on is told of when it is reached, and stops nothing', async () => {
    const tenantId = await budgeted({ stop: false });
    await spend(tenantId, 999);
    expect(await level(tenantId)).toBe('warned');
    await spend(tenantId, 1);
    expect(await level(tenantId)).toBe('warned');
    expect(told(tenantId)).toEqual(['budget.warning', 'budget.reached']);
  });

  test('a higher budget restores at once, and so does its removal', async () => {
    const tenantId = await budgeted();
    await spend(tenantId, 1_000);
    expect(await level(tenantId)).toBe('stopped');
    await budget(tenantId, { euros: 100 });
    expect(await level(tenantId)).toBe('ok');
    await budget(tenantId, { euros: 1 });
    expect(await level(tenantId)).toBe('stopped');
    const before = await versions(tenantId);
    await books.system((tx) => tx.budget.deleteMany({ where: { tenantId } }));
    await guard.run();
    expect(await books.system((tx) => tx.spendState.count({ where: { tenantId } }))).toBe(0);
    const after = await versions(tenantId);
    expect(after['a']).toBeGreaterThan(before['a']!);
  });

  test('a new period restores at once', async () => {
    const tenantId = await budgeted();
    await spend(tenantId, 1_000);
    expect(await level(tenantId)).toBe('stopped');
    books.at('2026-12-01T00:00:00Z');
    await books.settle();
    expect(await level(tenantId)).toBe('ok');
    expect(told(tenantId).at(-1)).toBe('budget.restored');
  });

  test('the base fee is no part of it: stopping would not save it', async () => {
    const tenantId = await budgeted({ euros: 1 });
    expect(await level(tenantId)).toBe('ok');
  });

  test('an app’s budget is on its part of the usage, and stops that app alone', async () => {
    const tenantId = await budgeted({ appId: '', euros: 1_000 });
    const appId = `${tenantId}_a`;
    await budget(tenantId, { appId, euros: 3 });
    await spend(tenantId, 299, 'a');
    await spend(tenantId, 5_000, 'b');
    expect(await level(tenantId, appId)).toBe('warned');
    const before = await versions(tenantId);
    await spend(tenantId, 1, 'a');
    expect(await level(tenantId, appId)).toBe('stopped');
    const after = await versions(tenantId);
    expect(after['a']).toBeGreaterThan(before['a']!);
    expect(after['b']).toBe(before['b']);
  });

  test('delivery’s configuration changes with the level, and not with every cent', async () => {
    const tenantId = await budgeted();
    await spend(tenantId, 850);
    await level(tenantId);
    const calm = await versions(tenantId);
    await spend(tenantId, 50);
    await level(tenantId);
    expect(await versions(tenantId)).toEqual(calm);
    await spend(tenantId, 100);
    await level(tenantId);
    const stopped = await versions(tenantId);
    expect(stopped['a']).toBeGreaterThan(calm['a']!);
    await spend(tenantId, 100);
    await level(tenantId);
    expect(await versions(tenantId)).toEqual(stopped);
  });
});
