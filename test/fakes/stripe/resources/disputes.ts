import type Stripe from 'stripe';
import { found, type FakeAccount } from '../account.js';
import type { Routes } from '../routes.js';

export function disputeRoutes(account: FakeAccount): Routes {
  return {
    'GET /v1/disputes/:id': (_query, [id = '']) => found(account.disputes, 'dispute', id),
  };
}

/** A customer's bank takes a payment back. */
export function openDispute(account: FakeAccount, amount: number, currency: string): string {
  const id = account.id('du');
  const dispute = {
    id,
    object: 'dispute',
    amount,
    charge: account.id('ch'),
    created: account.clock.seconds(),
    currency,
    livemode: false,
    metadata: {},
    payment_intent: null,
    reason: 'fraudulent',
    status: 'needs_response',
  } as Stripe.Dispute;
  account.disputes.set(id, dispute);
  account.emit('charge.dispute.created', dispute);
  return id;
}
