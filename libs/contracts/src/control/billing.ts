import { z } from 'zod';
import { label, ListQuery, page, Timestamp } from './common.js';
import { Currency, Interval, Micro, PositiveMicro, Pricing } from './pricing.js';

export const PlanId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'a plan’s id has 1 to 40 of a-z, 0-9, `_` and `-`');
const Limits = z
  .record(z.string().regex(/^\w{1,64}$/), z.int().min(1).nullable())
  .refine((limits) => Object.keys(limits).length <= 100, 'has at most 100 limits');

export const Plan = z.object({
  id: PlanId,
  name: z.string(),
  status: z.enum(['active', 'retired']),
  limits: z.record(z.string(), z.unknown()),
  pricing: Pricing,
});
export type Plan = z.output<typeof Plan>;
export const PlanList = z.object({ data: z.array(Plan) });
export const PlanBody = z.strictObject({
  id: PlanId,
  name: label('name'),
  limits: Limits.default({}),
  pricing: Pricing,
});
export type PlanBody = z.output<typeof PlanBody>;
export const PlanPatch = z
  .strictObject({
    name: label('name').optional(),
    limits: Limits.optional(),
    pricing: Pricing.optional(),
    status: z.enum(['active', 'retired']).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type PlanPatch = z.output<typeof PlanPatch>;

export const Subscription = z.object({
  planId: z.string(),
  state: z.enum(['trialing', 'active', 'past_due', 'paused', 'cancelled']),
  interval: Interval,
  currency: z.string(),
  periodStart: Timestamp,
  periodEnd: Timestamp,
  trialEnd: Timestamp.nullable(),
  cancelAt: Timestamp.nullable(),
  provider: z.string().meta({ description: 'Who collects: `stripe` or `invoice`.' }),
});
export type Subscription = z.output<typeof Subscription>;

const Line = z.object({
  n: z.number().int(),
  kind: z.enum(['base', 'usage', 'adjustment', 'discount', 'tax']),
  description: z.string(),
  from: Timestamp,
  to: Timestamp,
  planId: z.string().nullable(),
  meter: z.string().nullable(),
  units: z.string().meta({ description: 'In base units of the meter.' }),
  amountMicro: Micro,
  detail: z.record(z.string(), z.unknown()),
});
export type InvoiceLineShown = z.output<typeof Line>;

const Totals = z.object({
  currency: z.string(),
  subtotalMicro: Micro,
  discountMicro: Micro,
  taxMicro: Micro,
  totalMicro: Micro,
  creditMicro: Micro.meta({ description: 'What credits pay of it.' }),
  dueMicro: Micro,
});

export const Upcoming = Totals.extend({
  periodStart: Timestamp,
  periodEnd: Timestamp,
  asOf: Timestamp,
  lines: z.array(Line),
});
export type Upcoming = z.output<typeof Upcoming>;

export const PlanAnswer = z.object({
  plan: Plan.nullable(),
  subscription: Subscription.nullable(),
  available: z.array(Plan),
});
export type PlanAnswer = z.output<typeof PlanAnswer>;

export const PlanChangeBody = z.strictObject({
  planId: PlanId,
  interval: Interval.default('month'),
  currency: Currency.optional().meta({ description: 'Defaults to the tenant’s.' }),
  preview: z
    .boolean()
    .default(false)
    .meta({ description: 'Only says what the running period would cost; nothing is changed.' }),
});
export type PlanChangeBody = z.output<typeof PlanChangeBody>;
export const PlanChangeAnswer = z.object({
  changed: z.boolean(),
  effectiveAt: Timestamp,
  subscription: Subscription,
  upcoming: Upcoming.meta({ description: 'The running period, with the new plan.' }),
});
export type PlanChangeAnswer = z.output<typeof PlanChangeAnswer>;

export const Invoice = Totals.extend({
  id: z.string(),
  tenantId: z.string(),
  number: z.string().nullable(),
  state: z.enum(['draft', 'open', 'paid', 'void']),
  periodStart: Timestamp,
  periodEnd: Timestamp,
  paidMicro: Micro,
  provider: z.string(),
  finalizesAt: Timestamp,
  finalizedAt: Timestamp.nullable(),
  dueAt: Timestamp.nullable(),
  paidAt: Timestamp.nullable(),
});
export type Invoice = z.output<typeof Invoice>;
export const InvoiceList = page(Invoice);

export const OperatorInvoicesQuery = ListQuery.extend({
  tenant: z.string().min(1).max(64).optional().meta({ description: 'Those of this tenant alone.' }),
  state: Invoice.shape.state.optional(),
});
export type OperatorInvoicesQuery = z.output<typeof OperatorInvoicesQuery>;

export const OperatorInvoice = Invoice.extend({ tenantName: z.string() });
export type OperatorInvoice = z.output<typeof OperatorInvoice>;
export const OperatorInvoiceList = page(OperatorInvoice);

export const InvoiceWithLines = Invoice.extend({
  lines: z.array(Line),
  payments: z.array(
    z.object({
      ref: z.string(),
      state: z.enum(['succeeded', 'failed']),
      amountMicro: Micro,
      at: Timestamp,
    }),
  ),
});
export type InvoiceWithLines = z.output<typeof InvoiceWithLines>;

export const Explanation = z.object({
  line: Line,
  hours: z.array(
    z.object({
      hour: Timestamp,
      billedUnits: z.string().meta({ description: 'By this line.' }),
      recountedUnits: z.string().meta({ description: 'What usage says now.' }),
      apps: z.record(z.string(), z.string()),
    }),
  ),
  billedUnits: z.string(),
  recountedUnits: z.string(),
  differenceUnits: z.string().meta({
    description:
      'Recounted less what all invoices billed of these hours. What is left becomes an adjustment on the next invoice.',
  }),
  apps: z.record(z.string(), z.string()),
  detail: z.record(z.string(), z.unknown()),
});
export type Explanation = z.output<typeof Explanation>;

export const LedgerAnswer = z.object({
  balances: z.array(z.object({ account: z.string(), currency: z.string(), amountMicro: Micro })),
  data: z.array(
    z.object({
      id: z.string(),
      at: Timestamp,
      kind: z.string(),
      ref: z.string(),
      reverses: z.string().nullable(),
      entries: z.array(z.object({ account: z.string(), currency: z.string(), amountMicro: Micro })),
    }),
  ),
  hasMore: z.boolean(),
});
export type LedgerAnswer = z.output<typeof LedgerAnswer>;

const ReturnUrl = z.url({ protocol: /^https?$/ }).max(2000);
export const CheckoutBody = z.strictObject({
  planId: PlanId,
  interval: Interval.default('month'),
  currency: Currency.optional(),
  successUrl: ReturnUrl.optional(),
  cancelUrl: ReturnUrl.optional(),
});
export type CheckoutBody = z.output<typeof CheckoutBody>;
export const PortalBody = z.strictObject({ returnUrl: ReturnUrl.optional() });
export type PortalBody = z.output<typeof PortalBody>;
export const PlaceAnswer = z.object({ url: z.string() });

export const Degrade = z.strictObject({
  windowMs: z.number().int().min(100).max(10_000).meta({
    description: 'Messages are gathered for so long and delivered together.',
  }),
  conflate: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'The header by whose value only the newest message is delivered.' }),
});
export type Degrade = z.output<typeof Degrade>;
export const BudgetBody = z.strictObject({
  appId: z.string().max(64).nullable().default(null).meta({ description: 'null: all apps.' }),
  amountMicro: PositiveMicro.refine(
    (text) => BigInt(text) <= 9_000_000_000_000_000n,
    'is at most 9000000000000000',
  ),
  currency: Currency,
  degrade: Degrade.nullable()
    .default(null)
    .meta({ description: 'From nine tenths on; null: delivery stays as it is.' }),
  stop: z.boolean().meta({ description: 'At the budget: stop (true), or go on and be told.' }),
});
export type BudgetBody = z.output<typeof BudgetBody>;
export const Budget = BudgetBody.extend({
  level: z.enum(['ok', 'warned', 'degraded', 'stopped']),
  usedMicro: Micro,
  resetAt: Timestamp.nullable(),
});
export type Budget = z.output<typeof Budget>;
export const BudgetList = z.object({ data: z.array(Budget) });
export const BudgetQuery = z.object({
  appId: z.string().max(64).optional().meta({ description: 'Left out: the tenant’s own budget.' }),
});
export type BudgetQuery = z.output<typeof BudgetQuery>;

export const OperatorBilling = z.object({
  subscription: Subscription.nullable(),
  profile: z.object({
    currency: z.string(),
    name: z.string(),
    address: z.string(),
    email: z.string(),
    taxName: z.string(),
    taxBasisPoints: z.number().int(),
    taxInclusive: z.boolean(),
  }),
  credits: z.array(
    z.object({
      id: z.string(),
      currency: z.string(),
      amountMicro: Micro,
      remainingMicro: Micro,
      reason: z.string(),
      expiresAt: Timestamp.nullable(),
    }),
  ),
  coupons: z.array(z.object({ code: z.string(), remaining: z.number().int().nullable() })),
});
export type OperatorBilling = z.output<typeof OperatorBilling>;
export const OperatorBillingPatch = z
  .strictObject({
    planId: PlanId.optional(),
    interval: Interval.optional(),
    trialDays: z.number().int().min(0).max(365).optional(),
    currency: Currency.optional(),
    name: z.string().max(200).optional(),
    address: z.string().max(1000).optional(),
    email: z.string().max(254).optional(),
    taxName: label('taxName', 40).optional(),
    taxBasisPoints: z.number().int().min(0).max(10_000).optional(),
    taxInclusive: z.boolean().optional(),
    addCoupon: z.string().max(64).optional(),
    removeCoupon: z.string().max(64).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type OperatorBillingPatch = z.output<typeof OperatorBillingPatch>;
export const CreditBody = z.strictObject({
  amountMicro: PositiveMicro,
  currency: Currency,
  reason: label('reason', 200),
  expiresAt: Timestamp.nullable().default(null),
  ref: label('ref', 100).meta({ description: 'The same `ref` is given once.' }),
});
export type CreditBody = z.output<typeof CreditBody>;
export const CouponCode = z
  .string()
  .regex(/^[A-Z0-9_-]{1,64}$/, 'a code has 1 to 64 of A-Z, 0-9, `_` and `-`');
export const CouponBody = z
  .strictObject({
    code: CouponCode,
    name: label('name'),
    basisPoints: z.number().int().min(1).max(10_000).nullable().default(null),
    amountMicro: PositiveMicro.nullable().default(null),
    currency: Currency.nullable().default(null),
    duration: z.enum(['once', 'repeating', 'forever']),
    invoices: z.number().int().min(1).max(120).nullable().default(null),
  })
  .refine(
    ({ basisPoints, amountMicro, currency }) =>
      (basisPoints === null) !== (amountMicro === null) &&
      (amountMicro === null) === (currency === null),
    'has either `basisPoints`, or `amountMicro` and `currency`',
  )
  .refine(
    ({ duration, invoices }) => (duration === 'repeating') === (invoices !== null),
    '`invoices` says for how many a repeating coupon holds, and for no other kind',
  );
export type CouponBody = z.output<typeof CouponBody>;
export const Coupon = z.object({
  code: z.string(),
  name: z.string(),
  basisPoints: z.number().int().nullable(),
  amountMicro: Micro.nullable(),
  currency: z.string().nullable(),
  duration: z.enum(['once', 'repeating', 'forever']),
  invoices: z.number().int().nullable(),
  active: z.boolean(),
});
export type Coupon = z.output<typeof Coupon>;
export const CouponList = z.object({ data: z.array(Coupon) });
export const PaymentBody = z.strictObject({
  amountMicro: PositiveMicro,
  currency: Currency,
  ref: label('ref', 100).meta({ description: 'As on the bank statement; it is taken once.' }),
  at: Timestamp.optional().meta({ description: 'Defaults to now.' }),
});
export type PaymentBody = z.output<typeof PaymentBody>;
export const VoidBody = z.strictObject({
  redraw: z.boolean().default(false).meta({ description: 'Draw the period up anew at once.' }),
});
export type VoidBody = z.output<typeof VoidBody>;
