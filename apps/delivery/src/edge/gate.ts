import { Problem } from '#contracts';
import { holdsKey, type Authenticator, type Principal } from '#access';
import { checkOrigin } from './cors.js';
import type { Exchange } from './exchange.js';

/**
 * Who asks. Synchronous whenever the credential was seen before.
 * @throws Problem key_in_url, unauthenticated, token_expired, revoked, forbidden (origin)
 */
export function identify(
  exchange: Exchange,
  authenticator: Authenticator,
): Principal | Promise<Principal> {
  const principal = authenticator.authenticate(exchange.header('authorization'));
  if (principal instanceof Promise) {
    return principal.then((known) => {
      checkOrigin(exchange, known.allowedOrigins);
      return known;
    });
  }
  checkOrigin(exchange, principal.allowedOrigins);
  return principal;
}

/** A key in a URL is in every log on its way: it is refused, and its owner told to rotate it. */
export function refuseKeyInUrl({ path, query }: Exchange): void {
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
