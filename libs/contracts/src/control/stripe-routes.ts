import { z } from 'zod';
import type { RouteSpec } from '../routes.js';
import { ListQuery, page, Timestamp } from './common.js';
import { LIST } from './refusals.js';

/** Where Stripe and the ledger say different things. */
export const StripeDifference = z.object({
  id: z.string(),
  kind: z.string().meta({
    description:
      'hour, invoice_quantity, invoice_amount, invoice_unknown, payment, meter_error, dispute or customer.',
  }),
  tenantId: z.string().nullable(),
  ours: z.string(),
  theirs: z.string(),
  note: z.string().meta({ description: 'What it means and what to do.' }),
  foundAt: Timestamp,
  settledAt: Timestamp.nullable().meta({
    description: 'When both were found to say the same; null: they still differ.',
  }),
  settledBy: z.string().nullable().meta({
    description: 'The operator who took it for settled; null: nobody had to.',
  }),
  settledNote: z.string().nullable(),
});
export type StripeDifference = z.output<typeof StripeDifference>;

export const StripeAnswer = z.object({ received: z.literal(true) });

export const STRIPE_ROUTES = {
  stripeWebhook: {
    method: 'POST',
    path: '/v1/stripe/webhook',
    tag: 'Billing',
    summary: 'Take an event of Stripe’s',
    description:
      'For Stripe alone: the body is signed (Stripe-Signature) and at most five minutes old. The same event counts once.',
    auth: 'none',
    success: { status: 200, schema: StripeAnswer, description: 'Stored; it is worked on later.' },
    problems: [
      'invalid_request',
      'message_too_large',
      'unsupported_media_type',
      'key_in_url',
      'unavailable',
      'draining',
    ],
  },
  operatorStripeDifferences: {
    method: 'GET',
    path: '/v1/operator/stripe/differences',
    tag: 'Operator',
    summary: 'List where Stripe and the ledger say different things',
    auth: 'operator',
    query: ListQuery,
    success: {
      status: 200,
      schema: page(StripeDifference),
      description: 'A page of differences: open ones first, the newest first.',
    },
    problems: LIST,
  },
} as const satisfies Record<string, RouteSpec>;
