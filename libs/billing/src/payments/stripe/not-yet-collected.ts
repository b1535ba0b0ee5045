/** Stripe does not say yet what we say: nothing was charged. Try again later. */
export class NotYetCollected extends Error {
  override readonly name = 'NotYetCollected';
}
