import type { Pricing } from '#contracts';

export interface BuiltInPlan {
  readonly id: string;
  readonly name: string;
  /** Names of the limits' catalogue; one that it does not know limits nothing. */
  readonly limits: Readonly<Record<string, number | null>>;
  readonly pricing: Pricing;
}

const MICRO = 1_000_000n;
const money = (units: number) => String(BigInt(units) * MICRO);

/** The same numbers in each currency: prices are set, not converted. */
function inCurrencies(prices: NonNullable<Pricing['currencies']['EUR']>): Pricing['currencies'] {
  return { EUR: prices, USD: prices };
}

const million = '1000000';
/** `[up to so many units, price of a million]`, the last without an end. */
function perMillion(...tiers: readonly (readonly [string | null, number])[]) {
  return {
    mode: 'graduated' as const,
    tiers: tiers.map(([upTo, cents]) => ({
      upTo,
      amountMicro: String(BigInt(cents) * 10_000n),
      per: million,
    })),
  };
}

/** The plans of a first start. What an operator changes in them stays changed. */
export const BUILT_IN_PLANS: readonly BuiltInPlan[] = [
  {
    id: 'free',
    name: 'Free',
    limits: {
      publishes_per_month_tenant: 200_000,
      publishes_per_second_key: 50,
      holds_app: 200,
      channels_live_app: 1_000,
    },
    pricing: {
      included: {},
      currencies: inCurrencies({ base: { month: '0' }, meters: {} }),
      trialDays: 0,
      public: true,
    },
  },
  {
    id: 'developer',
    name: 'Developer',
    limits: { publishes_per_second_key: 500, holds_app: 5_000 },
    pricing: {
      included: {
        messages_published: '1000000',
        messages_delivered: '10000000',
        held_minutes: '5000000',
        stored_gb_hours: '3600',
      },
      currencies: inCurrencies({
        base: { month: money(29), year: money(290) },
        meters: {
          messages_published: perMillion(['10000000', 250], [null, 200]),
          messages_delivered: perMillion(['100000000', 100], [null, 80]),
          held_minutes: perMillion([null, 50]),
          direct_messages: perMillion([null, 250]),
          webhook_deliveries: perMillion([null, 500]),
          stored_gb_hours: {
            mode: 'flat',
            tiers: [{ upTo: null, amountMicro: '250000', per: '720' }],
          },
        },
      }),
      trialDays: 14,
      public: true,
    },
  },
  {
    id: 'business',
    name: 'Business',
    limits: { publishes_per_second_key: 5_000, holds_app: 100_000 },
    pricing: {
      included: {
        messages_published: '20000000',
        messages_delivered: '200000000',
        held_minutes: '100000000',
        stored_gb_hours: '72000',
      },
      currencies: inCurrencies({
        base: { month: money(299), year: money(2990) },
        meters: {
          messages_published: perMillion(['100000000', 180], ['1000000000', 140], [null, 100]),
          messages_delivered: perMillion(['1000000000', 70], [null, 50]),
          held_minutes: perMillion(['1000000000', 35], [null, 25]),
          direct_messages: perMillion([null, 180]),
          webhook_deliveries: perMillion([null, 350]),
          stored_gb_hours: {
            mode: 'flat',
            tiers: [{ upTo: null, amountMicro: '200000', per: '720' }],
          },
        },
      }),
      trialDays: 14,
      public: true,
    },
  },
  {
    id: 'custom',
    name: 'Custom',
    limits: {},
    // An operator writes the contract's prices into a plan made from it.
    pricing: { included: {}, currencies: {}, trialDays: 0, public: false },
  },
];
