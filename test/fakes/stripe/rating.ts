import Stripe from 'stripe';

export interface RatedPart {
  readonly quantity: Stripe.Decimal;
  readonly unitAmount: Stripe.Decimal | null;
  /** Minor units, rounded half up as Stripe rounds each line. */
  readonly amount: number;
}

/** What a quantity costs at a price: a line for each graduated tier that it reaches, else one. */
export function rate(price: Stripe.Price, quantity: Stripe.Decimal): RatedPart[] {
  if (price.billing_scheme !== 'tiered') {
    const unit = price.unit_amount_decimal ?? Stripe.Decimal.zero;
    return [{ quantity, unitAmount: unit, amount: minor(unit.mul(quantity)) }];
  }
  const tiers = price.tiers ?? [];
  if (price.tiers_mode === 'volume') {
    const tier = tiers.find(
      ({ up_to }) => up_to === null || quantity.lte(Stripe.Decimal.from(up_to)),
    );
    return tier ? [ratedTier(tier, quantity)] : [];
  }
  const parts: RatedPart[] = [];
  let below = Stripe.Decimal.zero;
  for (const tier of tiers) {
    const top = tier.up_to === null ? quantity : Stripe.Decimal.from(tier.up_to);
    const reached = quantity.lt(top) ? quantity : top;
    if (reached.gt(below) || parts.length === 0) parts.push(ratedTier(tier, reached.sub(below)));
    below = top;
    if (quantity.lte(top)) break;
  }
  return parts;
}

function ratedTier(tier: Stripe.Price.Tier, quantity: Stripe.Decimal): RatedPart {
  const unit = tier.unit_amount_decimal ?? Stripe.Decimal.zero;
  const flat = tier.flat_amount_decimal ?? Stripe.Decimal.zero;
  return { quantity, unitAmount: unit, amount: minor(unit.mul(quantity).add(flat)) };
}

function minor(amount: Stripe.Decimal): number {
  return Number(amount.toFixed(0, 'half-up'));
}
