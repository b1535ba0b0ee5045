import {
  inboxFault,
  linkNameFault,
  LINK_ENDS,
  Problem,
  ReplyAddress,
  type LinkEnd,
} from '#contracts';
import type { Principal } from '#access';

/** In a path, the client that the token is for. */
const ME = 'me';

/**
 * The client that a path names.
 * @throws Problem invalid_request
 */
export function clientIn(segment: string | undefined, principal: Principal): string {
  const client = decoded(segment, 'client id');
  if (client !== ME) {
    const fault = inboxFault(client);
    if (fault) throw new Problem('invalid_request', `Not a client id: ${fault}.`);
    return client;
  }
  if (principal.clientId !== null) return principal.clientId;
  throw new Problem(
    'invalid_request',
    principal.kind === 'key'
      ? '`me` is the client of a token, and an API key is no client. Name the client: /v1/clients/{clientId}, or use a token that has a clientId (POST /v1/tokens).'
      : '`me` is the client of a token, and this token has no clientId. Make one with a clientId (POST /v1/tokens).',
  );
}

/** @throws Problem invalid_request */
export function linkIn(segment: string | undefined): string {
  const link = decoded(segment, 'link');
  const fault = linkNameFault(link);
  if (fault) throw new Problem('invalid_request', `Not a link: ${fault}.`);
  return link;
}

/** @throws Problem not_found */
export function endIn(segment: string | undefined): LinkEnd {
  const end = LINK_ENDS.find((one) => one === segment);
  if (end) return end;
  throw new Problem('not_found', 'A link has two ends, `a` and `b`: /v1/links/{link}/a/messages.');
}

/** @throws Problem not_found for what no address looks like. */
export function addressIn(segment: string | undefined): string {
  const parsed = ReplyAddress.safeParse(segment);
  if (parsed.success) return parsed.data;
  throw new Problem(
    'not_found',
    'This is no reply address. Send the `replyTo` of the message exactly as it came.',
  );
}

function decoded(segment: string | undefined, what: string): string {
  const encoded = segment ?? '';
  if (!encoded.includes('%')) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new Problem(
      'invalid_request',
      `The ${what} in the path is not valid percent-encoded UTF-8.`,
    );
  }
}
