import type { Tx } from '#database';
import { rate } from '../rating/rate.js';
import { totals, type HeldCoupon, type TaxRule, type Totals } from '../rating/totals.js';
import { corrections } from './corrections.js';
import { loadPeriod, loadUsage, type PeriodBounds } from './rated-period.js';

export interface DrawnLine {
  readonly n: number;
  readonly kind: 'base' | 'usage' | 'adjustment' | 'discount' | 'tax';
  readonly description: string;
  readonly periodStart: Date;
  readonly fromHour: Date;
  readonly toHour: Date;
  readonly planId: string | null;
  readonly meter: string | null;
  readonly units: bigint;
  readonly unitsBefore: bigint;
  readonly amountMicro: bigint;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hours: readonly { readonly hour: number; readonly units: bigint }[];
}

export interface Drawing {
  readonly lines: readonly DrawnLine[];
  readonly totals: Totals;
}

/** Works out an invoice from what is in the database now. It changes nothing. */
export async function draw(tx: Tx, bounds: PeriodBounds): Promise<Drawing> {
  const { tenantId, currency, periodStart, periodEnd } = bounds;
  const rated = rate(
    await loadPeriod(tx, bounds),
    await loadUsage(tx, tenantId, periodStart, periodEnd),
  ).map((line) => ({ ...line, periodStart }));
  const late = (await corrections(tx, tenantId, currency, periodStart)).map((line) => ({
    ...line,
    kind: 'adjustment' as const,
    unitsBefore: 0n,
  }));
  const charged = [...rated, ...late].map(({ from, to, ...line }) => ({
    ...line,
    fromHour: new Date(from),
    toHour: new Date(to),
  }));
  const subtotal = charged.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
  const tax = await taxOf(tx, tenantId);
  const sums = totals(subtotal, currency, await couponsOf(tx, tenantId), tax);
  const rest = {
    ...{ periodStart, fromHour: periodStart, toHour: periodEnd, planId: null, meter: null },
    ...{ units: 0n, unitsBefore: 0n, hours: [] },
  };
  const lines = [
    ...charged,
    ...sums.discounts.map(({ coupon, amountMicro }) => ({
      ...rest,
      kind: 'discount' as const,
      description: `${coupon.name} (${coupon.code})`,
      amountMicro: -amountMicro,
      detail: { code: coupon.code, basisPoints: coupon.basisPoints },
    })),
    ...(tax.basisPoints === 0
      ? []
      : [
          {
            ...rest,
            kind: 'tax' as const,
            description: `${tax.name} ${percent(tax.basisPoints)}${tax.inclusive ? ', included' : ''}`,
            amountMicro: sums.taxMicro,
            detail: { basisPoints: tax.basisPoints, inclusive: tax.inclusive },
          },
        ]),
  ];
  return { lines: lines.map((line, i) => ({ ...line, n: i + 1 })), totals: sums };
}

export function percent(basisPoints: number): string {
  const rest = basisPoints % 100;
  const whole = (basisPoints - rest) / 100;
  return `${whole}${rest === 0 ? '' : `.${String(rest).padStart(2, '0').replace(/0$/, '')}`} %`;
}

async function taxOf(tx: Tx, tenantId: string): Promise<TaxRule> {
  const profile = await tx.billingProfile.findUnique({ where: { tenantId } });
  return {
    name: profile?.taxName ?? 'VAT',
    basisPoints: profile?.taxBasisPoints ?? 0,
    inclusive: profile?.taxInclusive ?? false,
  };
}

async function couponsOf(tx: Tx, tenantId: string): Promise<HeldCoupon[]> {
  const held = await tx.tenantCoupon.findMany({
    where: { tenantId, OR: [{ remaining: null }, { remaining: { gt: 0 } }] },
    include: { coupon: true },
    orderBy: [{ createdAt: 'asc' }, { code: 'asc' }],
  });
  return held.map(({ coupon }) => coupon);
}
