import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { Books } from '../testing/books.js';
import { balances, uncleared } from './balances.js';
import { LedgerConflict, post, reverse, type Posting } from './post.js';

const ACCOUNTS = ['receivable', 'revenue', 'tax', 'cash_clearing', 'usage_unbilled'] as const;
const at = new Date(0);

let books: Books;
let owner: pg.Client;
beforeAll(async () => {
  books = await Books.open();
  owner = new pg.Client(books.postgres.url);
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await books?.close();
});

const posting = (tenantId: string, extRef: string, amount: bigint, currency = 'EUR'): Posting => ({
  ...{ tenantId, extRef, kind: 'test', at, currency },
  entries: [
    { account: 'receivable', amountMicro: amount },
    { account: 'revenue', amountMicro: -amount },
  ],
});
const write = (what: Posting) => books.system((tx) => post(tx, what));

describe('P6: the ledger', () => {
  test('a reference is posted once, however often it is tried, at the same time too', async () => {
    const tenant = await books.tenant();
    const tries = await Promise.all(
      Array.from({ length: 5 }, () => write(posting(tenant, 'once', 5n))),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await books.balances(tenant)).toEqual({ receivable: 5e-6, revenue: -5e-6 });
  });

  test('the same reference with other amounts is refused, and nothing is posted', async () => {
    const tenant = await books.tenant();
    await write(posting(tenant, 'ref-a', 5n));
    await expect(write(posting(tenant, 'ref-a', 6n))).rejects.toThrow(LedgerConflict);
    await expect(write(posting(await books.tenant(), 'ref-a', 5n))).rejects.toThrow(LedgerConflict);
  });

  test('what does not balance is refused by the database at the commit', async () => {
    const tenant = await books.tenant();
    const off = {
      ...posting(tenant, 'off', 5n),
      entries: [{ account: 'tax' as const, amountMicro: 1n }],
    };
    await expect(write(off)).rejects.toThrow();
    expect(await books.balances(tenant)).toEqual({});
    const there = await books.system((tx) => tx.entryTx.findUnique({ where: { extRef: 'off' } }));
    expect(there).toBeNull();
  });

  test('each currency balances by itself', async () => {
    const tenant = await books.tenant();
    await write(posting(tenant, 'eur', 5n, 'EUR'));
    await write(posting(tenant, 'usd', 5n, 'USD'));
    const mixed = books.system(async (tx) => {
      const made = await tx.entryTx.create({
        data: { tenantId: tenant, extRef: 'mixed', kind: 'test', at },
      });
      await tx.entry.createMany({
        data: [
          {
            txId: made.id,
            n: 0,
            tenantId: tenant,
            accountId: `${tenant}:revenue:EUR`,
            currency: 'EUR',
            amountMicro: 1n,
          },
          {
            txId: made.id,
            n: 1,
            tenantId: tenant,
            accountId: `${tenant}:revenue:USD`,
            currency: 'USD',
            amountMicro: -1n,
          },
        ],
      });
    });
    await expect(mixed).rejects.toThrow();
  });

  test('a transaction without entries is refused', async () => {
    const tenant = await books.tenant();
    const empty = books.system((tx) =>
      tx.entryTx.create({ data: { tenantId: tenant, extRef: 'empty', kind: 'test', at } }),
    );
    await expect(empty).rejects.toThrow();
  });

  test('nothing joins a posting after its commit, though it would balance', async () => {
    const tenant = await books.tenant();
    await write(posting(tenant, 'closed', 5n));
    const joined = books.system(async (tx) => {
      const { id } = await tx.entryTx.findUniqueOrThrow({ where: { extRef: 'closed' } });
      const rest = {
        txId: id,
        tenantId: tenant,
        accountId: `${tenant}:revenue:EUR`,
        currency: 'EUR',
      };
      await tx.entry.createMany({
        data: [
          { ...rest, n: 7, amountMicro: 1n },
          { ...rest, n: 8, amountMicro: -1n },
        ],
      });
    });
    await expect(joined).rejects.toThrow();
  });

  test.each([
    'UPDATE entry SET amount_micro = 1',
    'DELETE FROM entry',
    'TRUNCATE entry',
    "UPDATE entry_tx SET kind = 'x'",
    'DELETE FROM entry_tx',
    'UPDATE ledger_account SET currency = currency',
    'DELETE FROM ledger_account',
  ])('%s is refused, to the system role and to the owner of the tables', async (sql) => {
    for (const role of ['holdline_system', 'holdline_app', null]) {
      await owner.query('BEGIN');
      if (role !== null) await owner.query(`SET LOCAL ROLE ${role}`);
      // Insufficient privilege, our own refusal, or (TRUNCATE, by the owner) the references to it.
      await expect(owner.query(sql)).rejects.toMatchObject({
        code: expect.stringMatching(role === null ? /^23001$|^0A000$/ : /^42501$/),
      });
      await owner.query('ROLLBACK');
    }
  });

  test('a reversal brings every balance back, once, and is itself never reversed into the past', async () => {
    const tenant = await books.tenant();
    await write(posting(tenant, 'mistake', 7n));
    const undo = () =>
      books.system((tx) => reverse(tx, { tenantId: tenant, extRef: 'mistake', at }));
    expect(await undo()).toBe(true);
    expect(await undo()).toBe(false);
    expect(await books.balances(tenant)).toEqual({});
    const other = await books.tenant();
    expect(
      await books.system((tx) => reverse(tx, { tenantId: other, extRef: 'mistake', at })),
    ).toBe(false);
  });

  test('a tenant reads its own entries and writes none', async () => {
    const [mine, theirs] = [await books.tenant(), await books.tenant()];
    await write(posting(mine, 'mine', 5n));
    await write(posting(theirs, 'theirs', 5n));
    const seen = await books.database.withTenant(mine, (tx) => tx.entryTx.findMany());
    expect(seen.map(({ extRef }) => extRef)).toEqual(['mine']);
    await expect(
      books.database.withTenant(mine, (tx) => post(tx, posting(mine, 'forged', 5n))),
    ).rejects.toThrow();
  });

  test('clearing accounts that are not at zero are named', async () => {
    const tenant = await books.tenant();
    const passed = (extRef: string, amountMicro: bigint): Posting => ({
      ...posting(tenant, extRef, 0n),
      entries: [
        { account: 'cash_clearing', amountMicro },
        { account: 'receivable', amountMicro: -amountMicro },
      ],
    });
    const mine = async () =>
      (await books.system(uncleared)).filter(({ tenantId }) => tenantId === tenant);
    await write(passed('in', 9n));
    expect(await mine()).toMatchObject([{ account: 'cash_clearing', amountMicro: 9n }]);
    await write(passed('out', -9n));
    expect(await mine()).toEqual([]);
  });

  test('any sequence of postings, repeats and reversals has the balances of a model', async () => {
    const step = fc.record({
      ref: fc.integer({ min: 0, max: 6 }),
      undo: fc.boolean(),
      from: fc.constantFrom(...ACCOUNTS),
      to: fc.constantFrom(...ACCOUNTS),
      amount: fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const tenant = await books.tenant();
        const model = new Map<string, bigint>();
        const posted = new Map<
          number,
          { said: string; entries: Posting['entries']; undone: boolean }
        >();
        const add = (entries: Posting['entries'], sign: bigint) => {
          for (const { account, amountMicro } of entries)
            model.set(account, (model.get(account) ?? 0n) + sign * amountMicro);
        };
        for (const { ref, undo, from, to, amount } of steps) {
          const extRef = `${tenant}-${ref}`;
          const known = posted.get(ref);
          if (undo) {
            const done = await books.system((tx) => reverse(tx, { tenantId: tenant, extRef, at }));
            expect(done).toBe(known !== undefined && !known.undone);
            if (done && known) {
              add(known.entries, -1n);
              known.undone = true;
            }
            continue;
          }
          const entries = [
            { account: from, amountMicro: amount },
            { account: to, amountMicro: -amount },
          ];
          const said = `${from} ${to} ${amount}`;
          const done = await write({ ...posting(tenant, extRef, 0n), entries }).catch(
            (error: unknown) =>
              error instanceof LedgerConflict ? 'conflict' : Promise.reject(error as Error),
          );
          if (amount === 0n) expect(done).toBe(false);
          else if (known === undefined) {
            expect(done).toBe(true);
            posted.set(ref, { said, entries, undone: false });
            add(entries, 1n);
          } else expect(done).toBe(known.said === said ? false : 'conflict');
        }
        const real = await books.system((tx) => balances(tx, tenant));
        expect(real.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)).toBe(0n);
        for (const { account, amountMicro } of real)
          expect([account, amountMicro]).toEqual([account, model.get(account) ?? 0n]);
      }),
      { numRuns: 25 },
    );
  });
});
