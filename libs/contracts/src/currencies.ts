/** Currencies that can be billed, and how many decimals their smallest amount to pay has. */
export const CURRENCIES = { EUR: 2, USD: 2, GBP: 2, CHF: 2, CAD: 2, AUD: 2, JPY: 0 } as const;
export type CurrencyCode = keyof typeof CURRENCIES;
