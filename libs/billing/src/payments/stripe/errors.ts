import type Stripe from 'stripe';
import { stripeSdk } from './sdk.js';

/** What an error of a call to Stripe means for whoever made it. */
export type Verdict =
  /** It may or may not have been done: the same again, with the same key. */
  | 'again'
  /** The key is used up by a kept error, or by another body: look, and go on with a new key. */
  | 'new-key'
  /** It was done before under the same name. */
  | 'done'
  /** It is not there, or no longer. */
  | 'missing'
  /** It will never be taken as it is. */
  | 'refused';

export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof stripeSdk().errors.StripeError)) return 'again';
  if (error instanceof stripeSdk().errors.StripeIdempotencyError) {
    return error.statusCode === 409 ? 'again' : 'new-key';
  }
  const status = error.statusCode ?? 0;
  if (status >= 500) return isReplayed(error) ? 'new-key' : 'again';
  if (error.code === 'resource_missing') return 'missing';
  if (
    status === 400 &&
    (error.code === 'resource_already_exists' || error.param === 'identifier')
  ) {
    return 'done';
  }
  // 401 and 403 are a wrong key of ours, 409 a lock, 429 too much at once: all pass.
  return status === 400 || status === 402 || status === 404 ? 'refused' : 'again';
}

/** Milliseconds that Stripe asks to wait; 0 where it does not. */
export function askedToWaitMs(error: unknown): number {
  if (!(error instanceof stripeSdk().errors.StripeError)) return 0;
  const seconds = Number(headersOf(error)['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

export function faultText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}

/** Stripe keeps a 500 under its key, and answers it again for a day. */
function isReplayed(error: Stripe.errors.StripeError): boolean {
  return headersOf(error)['idempotent-replayed'] === 'true';
}

function headersOf(error: Stripe.errors.StripeError): Record<string, string | undefined> {
  return error.headers ?? {};
}
