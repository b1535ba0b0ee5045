import { inboxFault, inboxOf, Problem } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { ParsedReceive } from './receive-plan.js';

/** One credential of a receive and what it reads. */
export interface Reader {
  readonly principal: Principal;
  /** As the request names them. */
  readonly channels: readonly string[];
  /** Channels of point to point, whose own rules the route has checked. */
  readonly granted?: readonly string[] | undefined;
}

/**
 * All channels of a reader, once its rights are checked.
 * @throws Problem forbidden
 */
export function readable({ principal, channels, granted }: Reader): readonly string[] {
  for (const channel of channels) requireCapability(principal, 'subscribe', channel);
  return granted ? [...channels, ...granted] : channels;
}

/** What a GET reads beside the channels that it names: its route's, and with `inbox=true` its inbox. */
export function grantedOf(
  principal: Principal,
  { plan, granted }: ParsedReceive,
): readonly string[] | undefined {
  if (!plan.inbox) return granted;
  return [...new Set([...(granted ?? []), ownInbox(principal)])];
}

/**
 * The inbox of the client that a token is for. Its own a token may always read.
 * @throws Problem invalid_request for a credential without a client
 */
export function ownInbox({ kind, clientId }: Principal): string {
  if (clientId === null) {
    throw new Problem(
      'invalid_request',
      kind === 'key'
        ? 'An API key is no client and has no inbox. Read with a token that has a clientId (POST /v1/tokens), or name the client: GET /v1/clients/{clientId}/messages.'
        : 'This token has no clientId, and so no inbox. Make one with a clientId (POST /v1/tokens).',
    );
  }
  const fault = inboxFault(clientId);
  if (fault) throw new Problem('invalid_request', `This token’s client has no inbox: ${fault}.`);
  return inboxOf(clientId);
}
