import { Problem } from '#contracts';
import type { FastifyRequest } from 'fastify';

/**
 * A browser may send our cookie with a write that another site caused: SameSite=Lax keeps it from doing so,
 * and this refuses it should one do it all the same. Browsers say with every write where it comes from, and
 * no page can forge either header. Whoever sends neither is no browser but a script or curl, which nobody
 * can trick into sending somebody's cookie.
 * @throws Problem forbidden
 */
export function refuseForeignPage(request: FastifyRequest, ownOrigin: string): void {
  if (!cameFromElsewhere(request, ownOrigin)) return;
  throw new Problem(
    'forbidden',
    'This write came from another site’s page (by its Origin or Sec-Fetch-Site). Sign in on this server’s own pages, or use an API key with the `admin` capability.',
  );
}

function cameFromElsewhere(request: FastifyRequest, ownOrigin: string): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin';
  const { origin } = request.headers;
  if (origin === undefined) return false;
  return origin !== ownOrigin && origin !== `${request.protocol}://${request.host}`;
}
