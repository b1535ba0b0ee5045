/** What a tenant's endpoint can be told of. A name is part of the contract and never changes. */
export const WEBHOOK_EVENTS = {
  'message.published': 'A message was published to a channel that the endpoint’s patterns match.',
  'channel.occupied': 'Somebody began to receive from a channel that nobody received from.',
  'channel.vacated': 'Nobody receives from the channel any more.',
  'presence.changed': 'Clients joined, left or changed on a channel.',
  'limit.warning': 'A quota is four fifths full.',
  'limit.reached': 'A limit has refused something for the first time in its window.',
  'budget.warning': 'Spending has reached four fifths of a budget.',
  'budget.degraded':
    'Spending has reached nine tenths of a budget, and delivery is coalesced as chosen.',
  'budget.reached': 'Spending has reached a budget.',
  'budget.restored': 'A budget is no longer reached: it was raised, or a new period began.',
  'key.created': 'An API key was made.',
  'key.rotated': 'An API key was replaced by a new one.',
  'key.revoked': 'An API key was revoked.',
  'subscription.updated': 'The plan, its state or its period changed.',
  'invoice.created': 'An invoice was drawn up.',
  'invoice.finalized': 'An invoice is final and due.',
  'invoice.paid': 'An invoice was paid.',
  'invoice.payment_failed': 'An invoice could not be collected.',
  'invoice.voided': 'An invoice was voided.',
} as const satisfies Record<string, string>;

export type WebhookEventType = keyof typeof WEBHOOK_EVENTS;
