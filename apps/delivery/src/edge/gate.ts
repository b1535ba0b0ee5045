import { Problem } from '#contracts';
import { holdsKey, requireAddress, type Authenticator, type Principal } from '#access';
import { checkOrigin } from './cors.js';
import type { Exchange } from './exchange.js';
import { accessToken } from './stream/asked.js';

/**
 * Who asks. Synchronous whenever the credential was seen before.
 * @throws Problem key_in_url, unauthenticated, token_expired, revoked, forbidden (origin, address)
 */
export function identify(
  exchange: Exchange,
  authenticator: Authenticator,
): Principal | Promise<Principal> {
  const header = exchange.header('authorization');
  const principal = authenticator.authenticate(
    header,
    header === undefined ? accessToken(exchange) : undefined,
  );
  if (principal instanceof Promise) {
    return principal.then((known) => {
      checkWhence(exchange, known);
      return known;
    });
  }
  checkWhence(exchange, principal);
  return principal;
}

/**
 * Holds a credential to the pages and the addresses that it may be used from.
 * @throws Problem forbidden
 */
export function checkWhence(exchange: Exchange, principal: Principal): void {
  checkOrigin(exchange, principal.allowedOrigins);
  if (principal.allowedIps.length > 0) requireAddress(principal.allowedIps, exchange.address);
}

/** A key in a URL is in every log on its way: it is refused, and its owner told to rotate it. */
export function refuseKeyInUrl({ path, query }: Pick<Exchange, 'path' | 'query'>): void {
  if (!mayHoldKey(path) && !mayHoldKey(query)) return;
  if (!holdsKey(path) && !holdsKey(query)) return;
  throw new Problem(
    'key_in_url',
    'The URL holds an API key. Send it as `Authorization: Bearer <key>`, and rotate this one: it may have been logged.',
  );
}

/** A cheap look first, as this is asked of every request. */
function mayHoldKey(text: string): boolean {
  return text.includes('hl') || text.includes('%');
}
