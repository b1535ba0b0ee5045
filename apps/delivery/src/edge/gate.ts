import { Problem } from '#contracts';
import { appRefused, holdsKey, requireAddress, type Principal } from '#access';
import type { EdgeContext } from './context.js';
import { checkOrigin } from './cors.js';
import type { Exchange } from './exchange.js';
import { accessToken } from './stream/asked.js';

/**
 * Who asks. Synchronous whenever the credential was seen before.
 * @throws Problem key_in_url, unauthenticated, token_expired, revoked, forbidden (origin, address),
 * rate_limited
 */
export function identify(context: EdgeContext, exchange: Exchange): Principal | Promise<Principal> {
  const header = exchange.header('authorization');
  const token = header === undefined ? accessToken(exchange) : undefined;
  return authenticate(context, exchange, header, token);
}

/**
 * The same for a credential that stands elsewhere.
 * @throws Problem as `identify`, and rate_limited for an address that brought too many bad ones
 */
export function authenticate(
  { authenticator, limits, keyUse }: EdgeContext,
  exchange: Exchange,
  header: string | undefined,
  token?: string,
): Principal | Promise<Principal> {
  const refuse = (error: unknown): never => {
    const isStrange = error instanceof Problem && error.code === 'unauthenticated';
    exchange.appId = appRefused(error);
    throw isStrange ? limits.failures.note(exchange.address, error) : error;
  };
  const admit = (principal: Principal): Principal => {
    exchange.appId = principal.appId;
    checkWhence(exchange, principal);
    keyUse.note(principal, exchange.address, exchange.header('user-agent'));
    limits.request(principal);
    return principal;
  };
  let principal: Principal | Promise<Principal>;
  try {
    principal = authenticator.authenticate(header, token);
  } catch (error) {
    return refuse(error);
  }
  return principal instanceof Promise ? principal.then(admit, refuse) : admit(principal);
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
