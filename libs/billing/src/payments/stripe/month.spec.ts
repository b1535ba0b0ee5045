import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { balances, uncleared } from '../../ledger/balances.js';
import { giveCredit } from '../../credits/credits.js';
import { toMinor } from './amounts.js';
import { HOUR, order, START, startWorld, type World } from './testing/world.js';

let w: World;
beforeAll(async () => {
  w = await startWorld();
});
afterAll(() => w?.stop());

const theirs = () => [...w.fake.account.invoices.values()];
const ours = (tenantId: string) =>
  w.database.asSystem((tx) =>
    tx.invoice.findMany({
      where: { tenantId },
      orderBy: { periodStart: 'asc' },
      include: { lines: true, payments: true },
    }),
  );
const open = () => w.adapter.differences.open();

/** Lets time pass as far as that, and everybody does what is due. */
async function until(moment: Date): Promise<void> {
  while (w.fake.clock.now() < moment.getTime()) {
    const step = Math.min(12 * HOUR, moment.getTime() - w.fake.clock.now());
    w.fake.advance(step);
    await w.news();
    await w.adapter.seal();
    await w.adapter.send();
    await w.invoicing();
    await w.news();
  }
}

test('P6: a month through Stripe: its total, our invoice and the ledger are the same to the cent, and clearing accounts are empty', async () => {
  await w.subscribe('ten_a');
  for (let hour = 0; hour < 720; hour += 7) {
    await w.use('ten_a', 'messages_published', hour, BigInt(17 * hour + 3));
    await w.use('ten_a', 'messages_delivered', hour, BigInt(31 * hour + 1));
    await w.use('ten_a', 'held_minutes', hour, BigInt(1_234_567 * hour + 11));
    await w.use('ten_a', 'peak_holds', hour, BigInt(hour % 50));
  }
  await until(new Date('2026-11-20T00:00:00Z'));
  // Late, for an hour that was sealed and sent long ago.
  await w.use('ten_a', 'messages_published', 7, 1_000n, 'late');
  await until(new Date('2026-12-01T06:00:00Z'));

  const [invoice] = await ours('ten_a');
  expect(invoice).toMatchObject({ state: 'paid', provider: 'stripe' });
  expect(invoice?.lines.map(({ meter, kind }) => meter ?? kind).sort()).toEqual([
    'base',
    'held_minutes',
    'messages_delivered',
    'messages_published',
    'peak_holds',
  ]);
  const paid = theirs().filter(({ status, total }) => status === 'paid' && total > 0);
  expect(paid).toHaveLength(1);
  expect(paid[0]?.total).toBe(toMinor(invoice?.totalMicro ?? 0n, 'USD'));
  const books = await w.database.asSystem((tx) => balances(tx, 'ten_a'));
  const of = (account: string) => books.find((row) => row.account === account)?.amountMicro;
  expect([of('cash'), of('revenue'), of('receivable')]).toEqual([
    invoice?.totalMicro,
    -(invoice?.totalMicro ?? 0n),
    0n,
  ]);
  expect(await w.database.asSystem((tx) => uncleared(tx))).toEqual([]);
  expect(await w.adapter.reconciliation.run()).toMatchObject({ different: 0 });
  expect(await open()).toBe(0);
  process.stdout.write(
    `Stripe ${paid[0]?.total} = invoice ${toMinor(invoice?.totalMicro ?? 0n, 'USD')} = ledger: difference 0 cents\n`,
  );
});

test('credits pay at Stripe what they pay in the ledger, of usage and of the base fee', async () => {
  await w.subscribe('ten_credit');
  await w.database.asSystem((tx) =>
    giveCredit(tx, w.hooks, {
      tenantId: 'ten_credit',
      currency: 'USD',
      amountMicro: 40_000_000n,
      reason: 'Welcome',
      expiresAt: null,
      ref: 'welcome:ten_credit',
      actor: { id: 'opr_a' },
    }),
  );
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_credit', 'messages_published', since + 2, 9_000n);
  await until(new Date('2027-01-02T00:00:00Z'));
  const [invoice] = await ours('ten_credit');
  // 8 000 beyond what is included at a quarter of a cent, and 29.00.
  expect(invoice).toMatchObject({ totalMicro: 49_000_000n, dueMicro: 9_000_000n, state: 'paid' });
  const paid = theirs().find((row) => row.metadata?.['holdline_invoice'] === invoice?.id);
  expect(paid).toMatchObject({
    total: 900,
    amount_paid: 900,
    total_pretax_credit_amounts: [{ amount: 2_000 }],
  });
  expect(await open()).toBe(0);
});

test('another plan in mid-period is no second subscription, and what Stripe prices otherwise is brought to the ledger’s amount', async () => {
  await w.database.asSystem((tx) =>
    tx.plan.create({
      data: {
        id: 'plain',
        name: 'Plain',
        pricing: {
          included: {},
          currencies: {
            USD: {
              base: { month: '9000000' },
              meters: {
                messages_published: {
                  mode: 'flat',
                  tiers: [{ upTo: null, amountMicro: '1000', per: '1' }],
                },
              },
            },
          },
        },
      },
    }),
  );
  await w.subscribe('ten_change');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_change', 'messages_published', since + 2, 5_000n);
  await until(new Date(w.fake.clock.now() + 10 * 24 * HOUR));
  const { url } = await w.adapter.provider.checkout({ ...order('ten_change'), planId: 'plain' });
  expect(url).toBe('https://example.test/done');
  await w.news();
  await w.use('ten_change', 'messages_published', since + 400, 3_000n);
  await until(new Date(w.fake.clock.now() + 25 * 24 * HOUR));
  const [invoice] = await ours('ten_change');
  expect(new Set(invoice?.lines.map(({ planId }) => planId))).toEqual(
    new Set(['business', 'plain']),
  );
  const paid = theirs().find((row) => row.metadata?.['holdline_invoice'] === invoice?.id);
  expect(paid).toMatchObject({
    status: 'paid',
    total: toMinor(invoice?.totalMicro ?? 0n, 'USD'),
  });
});

test('a declined payment is noted once an attempt, and paying later closes the invoice', async () => {
  await w.subscribe('ten_late');
  const customer = await w.database.asSystem((tx) =>
    tx.stripeCustomer.findUniqueOrThrow({ where: { tenantId: 'ten_late' } }),
  );
  w.fake.account.declined.add(customer.customerId);
  await until(new Date(w.fake.clock.now() + 32 * 24 * HOUR));
  const [failed] = await ours('ten_late');
  expect(failed).toMatchObject({ state: 'open', payments: [{ state: 'failed' }] });
  w.fake.account.declined.clear();
  const id = (failed?.external as { stripeInvoiceId: string }).stripeInvoiceId;
  await w.adapter.parts.stripe.invoices.pay(id);
  await w.news();
  expect((await ours('ten_late'))[0]).toMatchObject({ state: 'paid' });
});

test('usage that Stripe has counted otherwise holds the invoice back and raises an alarm, until both agree', async () => {
  await w.subscribe('ten_off');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_off', 'messages_published', since + 2, 5_000n);
  await until(new Date(w.fake.clock.now() + 10 * 24 * HOUR));
  const customer = await w.database.asSystem((tx) =>
    tx.stripeCustomer.findUniqueOrThrow({ where: { tenantId: 'ten_off' } }),
  );
  const tell = (value: string) =>
    w.adapter.parts.stripe.billing.meterEvents.create({
      event_name: 'holdline_messages_published',
      timestamp: START.getTime() / 1000 + (since + 2) * 3600 + 5,
      payload: { stripe_customer_id: customer.customerId, value },
    });
  // Somebody overwrites the hour at Stripe.
  await tell('4999');
  const alarms = w.alarms.length;
  await until(new Date(w.fake.clock.now() + 23 * 24 * HOUR));
  await w.invoicing();
  expect((await ours('ten_off'))[0]).toMatchObject({ state: 'open', payments: [] });
  expect(w.alarms.slice(alarms).join('\n')).toMatch(/5000 message.*4999 message/);
  expect(await open()).toBeGreaterThan(0);
  await tell('5000');
  await w.invoicing();
  await w.news();
  expect((await ours('ten_off'))[0]).toMatchObject({ state: 'paid' });
});

test('an error that Stripe keeps under the key of a call does not hold the invoice back for the day that it keeps it', async () => {
  await w.subscribe('ten_kept');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_kept', 'messages_published', since + 2, 5_000n);
  const { periodEnd } = await w.database.asSystem((tx) =>
    tx.subscription.findUniqueOrThrow({ where: { tenantId: 'ten_kept' } }),
  );
  let errors = 0;
  // The first lines, and then those under the second key.
  w.fake.faults.weather = (request) =>
    /^POST \S+\/add_lines/.test(request) && errors < 2 ? (errors++, 'error') : null;
  for (let hours = 1; hours <= 5; hours++)
    await until(new Date(periodEnd.getTime() + hours * HOUR));
  w.fake.faults.weather = () => null;
  expect(errors).toBe(2);
  const [invoice] = await ours('ten_kept');
  expect(invoice).toMatchObject({ state: 'paid' });
  const paid = theirs().filter((row) => row.metadata?.['holdline_invoice'] === invoice?.id);
  expect(paid).toMatchObject([
    { status: 'paid', total: toMinor(invoice?.totalMicro ?? 0n, 'USD') },
  ]);
});

test('lines that somebody takes off the draft at Stripe are put onto it again before it is made final', async () => {
  await w.subscribe('ten_taken');
  const { periodEnd } = await w.database.asSystem((tx) =>
    tx.subscription.findUniqueOrThrow({ where: { tenantId: 'ten_taken' } }),
  );
  w.fake.faults.weather = (request) => (/\/finalize/.test(request) ? 'rate' : null);
  await until(new Date(periodEnd.getTime() + 2 * HOUR));
  const [invoice] = await ours('ten_taken');
  const draft = theirs().find((row) => row.metadata?.['holdline_invoice'] === invoice?.id)!;
  const due = toMinor(invoice?.totalMicro ?? 0n, 'USD');
  expect(draft).toMatchObject({ status: 'draft', total: due });
  w.fake.invoicing.takeLinesOff(draft);
  expect(draft.total).not.toBe(due);
  w.fake.faults.weather = () => null;
  await until(new Date(periodEnd.getTime() + 4 * HOUR));
  expect(draft).toMatchObject({ status: 'paid', total: due });
});

test('P6: usage that comes when our invoice is final and Stripe’s is still a draft is on the next one, and holds nothing back', async () => {
  await w.subscribe('ten_after');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_after', 'messages_published', since + 2, 5_000n);
  const { periodEnd } = await w.database.asSystem((tx) =>
    tx.subscription.findUniqueOrThrow({ where: { tenantId: 'ten_after' } }),
  );
  // Stripe takes nothing for its drafts while ours becomes final.
  w.fake.faults.weather = (request) => (request.startsWith('POST /v1/invoices') ? 'rate' : null);
  await until(new Date(periodEnd.getTime() + 2 * HOUR));
  w.fake.faults.weather = () => null;
  expect((await ours('ten_after'))[0]).toMatchObject({ state: 'open', payments: [] });
  const [alarms, opened] = [w.alarms.length, await open()];
  await w.use('ten_after', 'messages_published', since + 3, 2_000n);
  await w.adapter.seal();
  await w.adapter.send();
  await w.invoicing();
  await w.news();
  const [first] = await ours('ten_after');
  expect(first).toMatchObject({ state: 'paid' });
  const paid = () => theirs().filter((row) => row.metadata?.['holdline_invoice'] === first?.id);
  expect(paid()).toMatchObject([
    { status: 'paid', total: toMinor(first?.totalMicro ?? 0n, 'USD') },
  ]);
  await until(new Date(periodEnd.getTime() + 33 * 24 * HOUR));
  const second = (await ours('ten_after'))[1];
  expect(second).toMatchObject({ state: 'paid' });
  expect(second?.lines.find(({ kind }) => kind === 'adjustment')).toMatchObject({
    meter: 'messages_published',
    amountMicro: 5_000_000n,
  });
  expect(w.alarms.slice(alarms)).toEqual([]);
  expect(await w.database.asSystem((tx) => uncleared(tx))).toEqual([]);
  expect(await open()).toBe(opened);
});

test('P6: hours that Stripe never takes hold the invoice back until they are given up, and are then charged by a line', async () => {
  await w.subscribe('ten_gone');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_gone', 'messages_published', since + 2, 5_000n);
  await until(new Date(w.fake.clock.now() + 24 * HOUR));
  w.fake.faults.add({ on: 'POST /v1/billing/meter_events', kind: 'refused' });
  await w.use('ten_gone', 'messages_published', since + 30, 3_000n);
  await until(new Date(w.fake.clock.now() + 33 * 24 * HOUR));
  const refused = { where: { tenantId: 'ten_gone', state: 'refused' } };
  expect(await w.database.asSystem((tx) => tx.stripeHour.findMany(refused))).toMatchObject([
    { units: 3_000n },
  ]);
  await w.invoicing();
  expect((await ours('ten_gone'))[0]).toMatchObject({ state: 'open', payments: [] });

  await w.database.asSystem((tx) =>
    tx.stripeHour.updateMany({ ...refused, data: { state: 'forgone' } }),
  );
  await w.invoicing();
  await w.news();
  const [invoice] = await ours('ten_gone');
  expect(invoice).toMatchObject({ state: 'paid' });
  const [paid] = theirs().filter((row) => row.metadata?.['holdline_invoice'] === invoice?.id);
  expect(paid).toMatchObject({ status: 'paid', total: toMinor(invoice?.totalMicro ?? 0n, 'USD') });
  // 3 000 at a quarter of a cent.
  expect(JSON.stringify(paid)).toContain('Not metered by Stripe: messages published');
  expect(await w.database.asSystem((tx) => uncleared(tx))).toEqual([]);
});

test('an ended subscription bills its last usage, and the tenant goes on without Stripe', async () => {
  await w.subscribe('ten_end');
  const since = Math.ceil((w.fake.clock.now() - START.getTime()) / HOUR);
  await w.use('ten_end', 'messages_published', since + 2, 5_000n);
  await until(new Date(w.fake.clock.now() + 3 * 24 * HOUR));
  const { external } = await w.database.asSystem((tx) =>
    tx.subscription.findUniqueOrThrow({ where: { tenantId: 'ten_end' } }),
  );
  await w.adapter.parts.stripe.subscriptions.cancel(
    (external as { subscriptionId: string }).subscriptionId,
  );
  await until(new Date(w.fake.clock.now() + 24 * HOUR));
  const [invoice] = await ours('ten_end');
  const paid = theirs().find((row) => row.metadata?.['holdline_invoice'] === invoice?.id);
  expect(paid).toMatchObject({ status: 'paid', total: toMinor(invoice?.totalMicro ?? 0n, 'USD') });
  expect(invoice?.lines.some(({ meter }) => meter === 'messages_published')).toBe(true);
});
