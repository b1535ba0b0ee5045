import { Problem } from '#contracts';
import type { FastifyRequest } from 'fastify';

/**
 * A browser sends our cookie with requests that other sites caused. A write that leans on the cookie must
 * show that our own pages sent it: browsers say so themselves, and no page can forge either header.
 * @throws Problem forbidden
 */
export function requireOwnOrigin(request: FastifyRequest, ownOrigin: string): void {
  if (cameFrom(request, ownOrigin) !== 'us') throw foreign();
}

/** For routes that need no cookie: scripts, which send neither header, may; other sites' pages may not. */
export function refuseForeignPage(request: FastifyRequest, ownOrigin: string): void {
  if (cameFrom(request, ownOrigin) === 'elsewhere') throw foreign();
}

function cameFrom(request: FastifyRequest, ownOrigin: string): 'us' | 'elsewhere' | 'unknown' {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' ? 'us' : 'elsewhere';
  const { origin } = request.headers;
  if (origin === undefined) return 'unknown';
  return origin === ownOrigin || origin === `${request.protocol}://${request.host}`
    ? 'us'
    : 'elsewhere';
}

function foreign(): Problem {
  return new Problem(
    'forbidden',
    'A signed-in write must come from this server’s own pages (Sec-Fetch-Site: same-origin, or its Origin). Scripts use an API key with the `admin` capability instead.',
  );
}
