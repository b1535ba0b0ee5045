import { Problem, type Spend } from '#contracts';

/** @throws Problem spend_cap_reached when the budget is used up and the tenant chose to stop then. */
export function checkSpend(spend: Spend | undefined): void {
  if (spend?.state !== 'stop') return;
  const { budget } = spend;
  if (!budget) {
    throw new Problem(
      'spend_cap_reached',
      'The budget is used up, and the tenant chose to stop then. Nothing was stored. Raise the budget, or wait for the next period.',
    );
  }
  const { scope, currency, max, used, resetAt } = budget;
  throw new Problem(
    'spend_cap_reached',
    `The budget of this ${scope} is used up: ${money(used)} of ${money(max)} ${currency}. Nothing was stored. Raise the budget on the billing page, or wait until ${resetAt}.`,
    { limit: { name: 'budget', scope, max, used, resetAt } },
  );
}

/** Micro-units with two decimals, cut and not rounded: a budget that is not reached never looks so. */
function money(micros: number): string {
  const cents = Math.floor(micros / 10_000);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}
