import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '#database';
import { balances, uncleared } from '../../ledger/balances.js';
import { toMinor } from './amounts.js';
import { HOUR, START, startWorld, type World } from './testing/world.js';

let w: World;
beforeAll(async () => {
  w = await startWorld();
});
afterAll(() => w?.stop());

/** A process that dies at the n-th step: after it, nothing of it reaches the database any more. */
function dying(at: number) {
  let passed = 0;
  let where: string | null = null;
  const dead = () => where !== null;
  const database = {
    asSystem: (...args: Parameters<Database['asSystem']>) =>
      dead() ? Promise.reject(new Error('this process is dead')) : w.database.asSystem(...args),
  } as unknown as Database;
  const step = (name: string) => {
    if (dead()) throw new Error('this process is dead');
    if (passed++ !== at) return;
    where = name;
    throw new Error(`died at: ${name}`);
  };
  return { adapter: w.process(step, database), place: () => where };
}

/** Everything that is due: hours sealed and sent, invoices drawn up and collected, news taken in. */
async function allWork(adapter = w.adapter): Promise<void> {
  await adapter.seal();
  await adapter.send();
  await w.invoicing(adapter);
  await w.news(adapter);
}

test('B4: dying between any two steps, from the sealed hour to the payment, leaves no difference', async () => {
  const places: string[] = [];
  let n = 0;
  for (;;) {
    const tenantId = `ten_${n}`;
    await w.subscribe(tenantId);
    const begun = w.fake.clock.now();
    const first = Math.ceil((begun - START.getTime()) / HOUR) + 1;
    await w.use(tenantId, 'messages_published', first, 5_000n + BigInt(n));
    await w.use(tenantId, 'held_minutes', first + 1, 77_777_777n);
    const { adapter, place } = dying(n);
    // Once while the period runs, once when it has ended: it dies wherever the count says.
    w.fake.advance(5 * HOUR);
    await allWork(adapter).catch(() => undefined);
    w.fake.advance(32 * 24 * HOUR);
    if (place() === null) await allWork(adapter).catch(() => undefined);
    const died = place();
    // Another process goes on, once what the dead one had in hand is free again.
    for (let turn = 0; turn < 4; turn++) {
      w.fake.advance(HOUR);
      await allWork();
    }
    await check(tenantId, died);
    await cancelled(tenantId);
    if (died === null) break;
    places.push(died);
    n++;
  }
  expect(new Set(places).size).toBeGreaterThanOrEqual(9);
  expect(await w.database.asSystem((tx) => uncleared(tx))).toEqual([]);
  expect(await w.adapter.differences.open()).toBe(0);
  process.stdout.write(
    `died at ${places.length} points of ${new Set(places).size} kinds (${[...new Set(places)].join('; ')}): difference 0\n`,
  );
}, 900_000);

/** No further month of it is billed while the next one is looked at. */
async function cancelled(tenantId: string): Promise<void> {
  const { external } = await w.database.asSystem((tx) =>
    tx.subscription.findUniqueOrThrow({ where: { tenantId } }),
  );
  const { subscriptionId } = external as { subscriptionId: string };
  await w.adapter.parts.stripe.subscriptions.cancel(subscriptionId);
  await w.news();
}

/** Recounted usage = invoice = ledger = what Stripe was paid. */
async function check(tenantId: string, died: string | null): Promise<void> {
  const { invoice, hours, books } = await w.database.asSystem(async (tx) => ({
    invoice: await tx.invoice.findFirstOrThrow({
      where: { tenantId },
      include: { lines: true },
      orderBy: { periodStart: 'asc' },
    }),
    hours: await tx.usageHour.findMany({ where: { tenantId } }),
    books: await balances(tx, tenantId),
  }));
  const theirs = [...w.fake.account.invoices.values()].filter(
    (row) => row.metadata?.['holdline_invoice'] === invoice.id,
  );
  const due = toMinor(invoice.totalMicro, 'USD');
  const said = theirs.map(({ status, total, amount_paid }) => ({ status, total, amount_paid }));
  expect([died, invoice.state, said]).toEqual([
    died,
    'paid',
    [{ status: 'paid', total: due, amount_paid: due }],
  ]);
  for (const { meter, units } of hours) {
    const line = invoice.lines.find((row) => row.kind === 'usage' && row.meter === meter);
    expect([died, meter, line?.units]).toEqual([died, meter, units]);
  }
  const cash = books.find(({ account }) => account === 'cash')?.amountMicro;
  const revenue = books.find(({ account }) => account === 'revenue')?.amountMicro;
  expect([died, cash]).toEqual([died, invoice.totalMicro]);
  expect(-(revenue ?? 0n) - (cash ?? 0n)).toBeGreaterThanOrEqual(0n);
}
