import { z } from 'zod';
import { CURRENCIES, type CurrencyCode } from '../currencies.js';
import { METER_NAMES } from '../meters.js';

export const Currency = z.enum(Object.keys(CURRENCIES) as [CurrencyCode, ...CurrencyCode[]]);

/** A whole number as text: JSON's own numbers are exact up to 2^53 only. */
const whole = (what: string) =>
  z.string().regex(/^(0|[1-9]\d{0,17})$/, `${what} is a whole number as text, such as "29000000"`);

/** Millionths of the currency's unit, as text: "29000000" EUR is 29 €. May be negative. */
export const Micro = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,17})$/)
  .meta({ description: 'Millionths of the currency’s unit, as text.' });
export const PositiveMicro = whole('An amount in micro-units').refine((text) => text !== '0', {
  message: 'is more than nothing',
});

export const Interval = z.enum(['month', 'year']);

export const PriceTier = z.strictObject({
  upTo: whole('upTo')
    .nullable()
    .meta({ description: 'The last unit of the tier; null: it has no end.' }),
  amountMicro: whole('amountMicro').meta({ description: 'The price of `per` units.' }),
  per: whole('per').refine((text) => text !== '0', 'is 1 or more'),
});

export const MeterPrice = z
  .strictObject({
    mode: z.enum(['flat', 'graduated', 'volume']).meta({
      description:
        'flat: one price. graduated: each unit has the price of the tier it falls in. volume: all units have the price of the tier that their number falls in.',
    }),
    tiers: z.array(PriceTier).min(1).max(20),
  })
  .refine(({ mode, tiers }) => mode !== 'flat' || tiers.length === 1, 'flat has one tier')
  .refine(
    ({ tiers }) => tiers.every(({ upTo }, i) => (upTo === null) === (i === tiers.length - 1)),
    'the last tier, and no other, has no end (`upTo`: null)',
  )
  .refine(
    ({ tiers }) =>
      tiers.every(
        ({ upTo }, i) => i === 0 || upTo === null || BigInt(upTo) > BigInt(tiers[i - 1]?.upTo ?? 0),
      ),
    'each tier ends after the one before it',
  );

const CurrencyPrices = z.strictObject({
  base: z
    .strictObject({ month: whole('month').optional(), year: whole('year').optional() })
    .default({})
    .meta({ description: 'What the plan costs whatever is used; left out: not to be had.' }),
  meters: z
    .partialRecord(z.enum(METER_NAMES as [string, ...string[]]), MeterPrice)
    .default({})
    .meta({ description: 'A meter without a price costs nothing.' }),
});

/** What a plan costs. Units are those that METERS names, and are counted anew in each period. */
export const Pricing = z.strictObject({
  included: z
    .partialRecord(z.enum(METER_NAMES as [string, ...string[]]), whole('included'))
    .default({})
    .meta({
      description:
        'Units of a month that are not charged; of a year, with yearly periods, twelve times.',
    }),
  currencies: z.partialRecord(Currency, CurrencyPrices).default({}),
  trialDays: z.number().int().min(0).max(365).default(0),
  public: z.boolean().default(false).meta({ description: 'Tenants may choose it themselves.' }),
});
export type Pricing = z.output<typeof Pricing>;
export type MeterPrice = z.output<typeof MeterPrice>;
