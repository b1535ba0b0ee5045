import type { Meter } from '#contracts';
import type Stripe from 'stripe';
import type { FinalInvoice } from '../port.js';
import { toMicro, toMinor } from './amounts.js';

/** Meters of which Stripe has other usage than the invoice, as is right; and what a line says of each. */
export type KnownOdds = ReadonlyMap<Meter, string>;

const NONE: KnownOdds = new Map();

/** What Stripe has on a draft of each meter that it prices itself. */
export type TheirUsage = ReadonlyMap<
  Meter,
  { readonly quantity: Stripe.Decimal; readonly amount: number; readonly lines: number }
>;

/** A line of ours on Stripe's invoice, in Stripe's smallest amount. */
export interface WantedLine {
  /** Names it on the invoice: it is added once. */
  readonly name: string;
  readonly description: string;
  readonly amount: number;
}

export interface WantedLines {
  readonly lines: readonly WantedLine[];
  /** What credits pay of Stripe's own lines, as a grant. */
  readonly granted: number;
  /** Meters whose amounts differ by more than rounding explains. */
  readonly odd: readonly { meter: Meter; ours: number; theirs: number }[];
}

/**
 * What has to be put beside Stripe's usage lines so that its total is ours. Pure.
 */
export function wantedLines(
  invoice: FinalInvoice,
  usage: TheirUsage,
  known: KnownOdds = NONE,
): WantedLines {
  const { currency } = invoice;
  const minor = (micro: bigint) => toMinor(micro, currency);
  const lines: WantedLine[] = [];
  const odd: { meter: Meter; ours: number; theirs: number }[] = [];
  const add = (name: string, description: string, amount: number) => {
    if (amount !== 0) lines.push({ name, description, amount });
  };

  const others = invoice.lines.filter(
    ({ kind, meter }) => kind !== 'usage' || meter === null || !usage.has(meter as Meter),
  );
  // With prices that include tax its line only says how much of them is tax.
  const taxed = invoice.lines.reduce(
    (sum, { kind, amountMicro }) => (kind === 'tax' ? sum : sum + amountMicro),
    0n,
  );
  const isTaxInside = taxed === invoice.totalMicro;
  for (const { n, kind, description, amountMicro } of others) {
    if (kind === 'tax' && isTaxInside) continue;
    add(`n${n}`, description, minor(amountMicro));
  }

  for (const [meter, { amount: theirs, lines: count }] of usage) {
    const micro = invoice.lines
      .filter((line) => line.kind === 'usage' && line.meter === meter)
      .reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
    const ours = minor(micro);
    const why = known.get(meter);
    if (why === undefined && Math.abs(ours - theirs) > count) odd.push({ meter, ours, theirs });
    const what = why ?? 'Rounding and price changes';
    add(`m:${meter}`, `${what}: ${meter.replaceAll('_', ' ')}`, ours - theirs);
  }

  // Amounts of ours that are finer than what can be paid add up to a rest.
  const sum = (list: readonly { amount: number }[]) =>
    list.reduce((all, row) => all + row.amount, 0);
  const theirs = sum([...usage.values()]);
  add('rounding', 'Rounding', minor(invoice.totalMicro) - theirs - sum(lines));

  const credits = minor(invoice.totalMicro) - minor(invoice.dueMicro);
  const granted = Math.max(0, Math.min(credits, theirs));
  add('credits', 'Credits', granted - credits);
  return { lines, granted, odd };
}

/** Micro-units that a payment pays of an invoice: all that is open, when it is that amount as paid. */
export function paidMicro(minor: number, openMicro: bigint, currency: string): bigint {
  return toMinor(openMicro, currency) === minor ? openMicro : toMicro(minor, currency);
}
