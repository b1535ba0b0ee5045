import { stripeSdk } from '#billing';
import { Problem } from '#contracts';

/** Seconds that a signature holds. Never 0: that would switch the check off. */
const TOLERANCE_S = 300;

export interface SignedEvent {
  readonly id: string;
  readonly type: string;
  /** Seconds, or a time as thin events say it. */
  readonly created: number | string;
  readonly data?: { readonly object?: unknown };
}

/**
 * The event in a body that Stripe signed: with one of our secrets (there are two while one is rotated, and
 * thin events have their own), these very bytes, within the last five minutes.
 * @throws Problem invalid_request
 */
export function verifiedEvent(
  body: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
  nowMs: number,
): SignedEvent {
  if (signature === undefined || body.length === 0)
    throw unsigned('it has no signature or no body');
  let fault = 'no secret is set up';
  for (const secret of secrets) {
    try {
      stripeSdk().webhooks.signature?.verifyHeader(
        body,
        signature,
        secret,
        TOLERANCE_S,
        undefined,
        nowMs,
      );
    } catch (error) {
      // Whatever it stumbles over, a header that cannot be read is not signed.
      fault = (error as Error).message.split('\n', 1)[0] ?? fault;
      continue;
    }
    return parsed(body);
  }
  throw unsigned(fault);
}

/** Signed, and yet it may be anything. */
function parsed(body: Buffer): SignedEvent {
  let event: Partial<SignedEvent> | null;
  try {
    event = JSON.parse(body.toString('utf8')) as Partial<SignedEvent> | null;
  } catch {
    throw unsigned('it is not JSON');
  }
  const { id, type, created } = event ?? {};
  const isEvent =
    typeof id === 'string' &&
    /^[\w-]{1,255}$/.test(id) &&
    typeof type === 'string' &&
    type.length <= 255 &&
    ['number', 'string'].includes(typeof created);
  if (!isEvent) throw unsigned('it is no event');
  return event as SignedEvent;
}

function unsigned(fault: string): Problem {
  return new Problem(
    'invalid_request',
    `This is not an event that Stripe signed for this endpoint within the last five minutes (${fault}). Nothing was stored. If it came from Stripe, check the signing secret (STRIPE_WEBHOOK_SECRET) and this machine’s clock.`,
  );
}
