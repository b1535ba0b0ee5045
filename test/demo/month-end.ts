import {
  METERS,
  type Explanation,
  type InvoiceWithLines,
  type LedgerAnswer,
  type Meter,
} from '../../libs/contracts/src/index.js';
import type Stripe from 'stripe';
import { eventually } from '../support/eventually.js';
import type { Browser } from './callers.js';
import { euros, type Story } from './story.js';
import type { WebhookReceiver } from './webhook-receiver.js';
import { SOON_MS, type World } from './world.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Month {
  readonly world: World;
  readonly story: Story;
  readonly owner: Browser;
  readonly operator: Browser;
  readonly receiver: WebhookReceiver;
  /** What the provider itself has counted. */
  readonly counted: { readonly published: number; readonly delivered: number };
  readonly planNow: () => Promise<{
    subscription: { periodStart: string; periodEnd: string } | null;
  }>;
  readonly day: (at: number | string) => string;
}

/** The period ends: invoice, payment, ledger, and the explanation of a line. */
export async function closeMonth(month: Month): Promise<void> {
  await tellHours(month);
  const invoice = await invoiceOfMonth(month);
  const theirs = await paidAtStripe(month, invoice.id);
  await showInvoice(month, theirs);
  await showLedger(month);
  await explain(month);
  await lookForDifferences(month);
}

async function tellHours({ world, story, counted }: Month): Promise<void> {
  story.step('Two hours later the hours that are over have been told to Stripe, each by its total');
  await world.moveTo(Date.now() + 2 * HOUR_MS);
  const sumOf = (meter: string) => {
    const hours = new Map<number, number>();
    for (const { meterEvent, value } of world.stripe.account.taken) {
      if (meterEvent.event_name === `holdline_${meter}`)
        hours.set(meterEvent.timestamp, Number(value.toString()));
    }
    return [...hours.values()].reduce((sum, value) => sum + value, 0);
  };
  await eventually('Stripe has what was used', SOON_MS, () => {
    const { published, delivered } = counted;
    return sumOf('messages_published') === published && sumOf('messages_delivered') === delivered;
  });
  story.compare('messages published', {
    provider: counted.published,
    'Stripe’s meter': sumOf('messages_published'),
  });
  story.compare('messages delivered', {
    provider: counted.delivered,
    'Stripe’s meter': sumOf('messages_delivered'),
  });
}

async function invoiceOfMonth(month: Month): Promise<InvoiceWithLines> {
  const { world, story, owner, receiver, planNow, day } = month;
  const { periodStart, periodEnd } = (await planNow()).subscription!;
  await world.moveTo(Date.parse(periodEnd) + 5 * MINUTE_MS);
  story.step(`The month ends: it is ${day(world.now())}`);
  await eventually('the next period begins', SOON_MS, async () => {
    return (await planNow()).subscription?.periodStart === periodEnd;
  });
  story.say('Stripe has said by webhook that the next period runs, and keeps its draft for us');
  await world.moveTo(world.now() + 10 * MINUTE_MS);
  const find = async () => {
    const { data } = await owner.call<{ data: { id: string; periodStart: string }[] }>(
      'GET',
      '/v1/billing/invoices',
    );
    const id = data.find((row) => row.periodStart === periodStart)?.id;
    return id === undefined
      ? undefined
      : owner.call<InvoiceWithLines>('GET', `/v1/billing/invoices/${id}`);
  };
  const draft = await eventually('the invoice is drawn up', SOON_MS, async () => {
    const found = await find();
    return found !== undefined && found.lines.length > 0 && found;
  });
  story.say(
    `an invoice is drawn up over ${euros(draft.totalMicro)}; until ${day(draft.finalizesAt)} it takes in what comes late`,
  );
  await world.moveTo(Date.parse(draft.finalizesAt) + MINUTE_MS);
  const { data } = await receiver.next('invoice.finalized', (of) => of['invoiceId'] === draft.id);
  story.say(
    `by a signed webhook: ${String(data['number'])} is final, ${euros(String(data['dueMicro']))} are due`,
  );
  return draft;
}

async function paidAtStripe(month: Month, invoiceId: string): Promise<Stripe.Invoice> {
  const { world, story, owner, receiver } = month;
  story.step('Stripe collects it, and its signed webhook says so');
  const theirs = await eventually('Stripe has collected', SOON_MS, () =>
    [...world.stripe.account.invoices.values()].find(
      ({ metadata, status }) => metadata?.['holdline_invoice'] === invoiceId && status === 'paid',
    ),
  );
  await eventually('the payment is in the books', SOON_MS, async () => {
    const path = `/v1/billing/invoices/${invoiceId}`;
    return (await owner.call<InvoiceWithLines>('GET', path)).state === 'paid';
  });
  await receiver.next('invoice.paid', (of) => of['invoiceId'] === invoiceId);
  story.say(
    `Stripe’s invoice ${theirs.number} over ${euros(BigInt(theirs.total) * 10_000n)} is paid`,
    'Stripe’s invoice.paid was taken in, and the provider’s own endpoint was told invoice.paid',
  );
  return theirs;
}

async function showInvoice(month: Month, theirs: Stripe.Invoice): Promise<void> {
  const { story, counted } = month;
  const invoice = await paidInvoice(month);
  story.step(`Invoice ${invoice.number}`);
  for (const { n, description, units, meter, amountMicro } of invoice.lines) {
    const of = meter === null ? '' : ` (${units} × ${METERS[meter as Meter].base})`;
    story.say(`line ${n}: ${description}${of}: ${euros(amountMicro)}`);
  }
  story.say(`total ${euros(invoice.totalMicro)}`);
  const sum = invoice.lines.reduce((all, line) => all + BigInt(line.amountMicro), 0n);
  story.compare('what the month costs, in millionths of a euro', {
    lines: sum,
    invoice: invoice.totalMicro,
    'Stripe’s invoice': BigInt(theirs.total) * 10_000n,
    payment: invoice.payments.reduce((all, { amountMicro }) => all + BigInt(amountMicro), 0n),
  });
  for (const [meter, count] of [
    ['messages_published', counted.published],
    ['messages_delivered', counted.delivered],
  ] as const) {
    const line = invoice.lines.find((row) => row.meter === meter);
    story.compare(meter.replace('_', ' '), {
      provider: count,
      'invoice line': line?.units ?? 'none',
    });
  }
}

async function showLedger(month: Month): Promise<void> {
  const { story, owner } = month;
  story.step('GET /v1/billing/ledger');
  const { balances, data } = await owner.call<LedgerAnswer>('GET', '/v1/billing/ledger');
  for (const { kind, entries } of [...data].reverse()) {
    const sides = entries.map(({ account, amountMicro }) => `${account} ${euros(amountMicro)}`);
    story.say(`${kind}: ${sides.join(', ')}`);
  }
  const sums = data.map(({ entries }) =>
    entries.reduce((all, { amountMicro }) => all + BigInt(amountMicro), 0n),
  );
  const of = (account: string) =>
    BigInt(balances.find((row) => row.account === account)?.amountMicro ?? '0');
  const { totalMicro } = await paidInvoice(month);
  story.compare('unbalanced transactions', {
    ledger: sums.filter((sum) => sum !== 0n).length,
    none: 0,
  });
  story.compare('clearing accounts', {
    usage_unbilled: of('usage_unbilled'),
    receivable: of('receivable'),
    nothing: 0,
  });
  story.compare('what was earned and collected', {
    invoice: totalMicro,
    revenue: -of('revenue'),
    cash: of('cash'),
  });
}

async function explain(month: Month): Promise<void> {
  const { story, owner } = month;
  const { id, lines } = await paidInvoice(month);
  const usage = lines.filter(({ kind }) => kind === 'usage');
  const shown = usage.find(({ meter }) => meter === 'messages_published');
  story.step(`GET /v1/billing/invoices/{invoice}/lines/${shown?.n}/explain`);
  for (const { n, meter } of usage) {
    const path = `/v1/billing/invoices/${id}/lines/${n}/explain`;
    const told = await owner.call<Explanation>('GET', path);
    if (n === shown?.n) {
      const { includedUnits, tiers } = told.detail as {
        includedUnits: string;
        tiers: { units: string; amountMicro: string }[];
      };
      for (const { hour, billedUnits, recountedUnits } of told.hours)
        story.say(`${hour}: billed ${billedUnits}, counted again ${recountedUnits}`);
      const priced = tiers.map((tier) => `${tier.units} at ${euros(tier.amountMicro)}`);
      story.say(`${includedUnits} included, ${priced.join(', ')}: ${euros(told.line.amountMicro)}`);
    }
    story.compare(`${meter}, counted again`, { difference: told.differenceUnits, none: 0 });
  }
}

async function lookForDifferences({ story, operator, receiver }: Month): Promise<void> {
  story.step('What does not agree, as the operator sees it');
  const { data } = await operator.call<{ data: { settledAt: string | null; note: string }[] }>(
    'GET',
    '/v1/operator/stripe/differences',
  );
  const open = data.filter(({ settledAt }) => settledAt === null);
  story.say(...open.map(({ note }) => note));
  story.compare('open differences between ledger and Stripe', { list: open.length, none: 0 });
  story.compare('webhooks whose signature was not good', {
    receiver: receiver.refused.length,
    none: 0,
  });
}

async function paidInvoice({ owner }: Month): Promise<InvoiceWithLines> {
  const { data } = await owner.call<{ data: { id: string; totalMicro: string }[] }>(
    'GET',
    '/v1/billing/invoices',
  );
  const paid = data.find(({ totalMicro }) => totalMicro !== '0');
  if (!paid) throw new Error('There is no invoice over more than nothing.');
  return owner.call('GET', `/v1/billing/invoices/${paid.id}`);
}
