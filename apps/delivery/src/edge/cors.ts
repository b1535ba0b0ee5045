import { HEADER, Problem } from '#contracts';
import type { Exchange, FlatHeaders } from './exchange.js';

const EXPOSED = [
  HEADER.cursor,
  HEADER.hold,
  HEADER.requestId,
  'Link',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Preference-Applied',
].join(', ');

const ANYONE: FlatHeaders = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  EXPOSED,
];

/** On the way of WebDAV, OPTIONS has another meaning too. */
export function isPreflight(exchange: Exchange): boolean {
  if (exchange.method !== 'OPTIONS') return false;
  const isAsked = exchange.header('access-control-request-method') !== undefined;
  return isAsked || !exchange.path.startsWith('/dav/');
}

/**
 * Answers a preflight. It brings no credential, so the app is unknown: which origins an app allows is
 * decided at the request itself.
 */
export function preflight(exchange: Exchange): void {
  exchange.send(
    204,
    [
      'Access-Control-Allow-Methods',
      'GET, POST, PUT, DELETE',
      'Access-Control-Allow-Headers',
      ['Authorization', 'Content-Type', 'Prefer', 'Last-Event-ID', HEADER.id, HEADER.name].join(
        ', ',
      ),
      'Access-Control-Max-Age',
      '7200',
      'Content-Length',
      '0',
    ],
    null,
  );
}

/** Lets a page read whatever is answered, refusals too; no cookie is ever used here. */
export function openToPages(exchange: Exchange): void {
  if (exchange.header('origin') !== undefined) exchange.always(ANYONE);
}

/**
 * Holds an app to the origins it has listed.
 * @throws Problem forbidden when the request comes from a page of another origin.
 */
export function checkOrigin(exchange: Exchange, allowedOrigins: readonly string[]): void {
  const origin = exchange.header('origin');
  if (origin === undefined || allowedOrigins.includes('*') || allowedOrigins.includes(origin))
    return;
  const host = exchange.header('host');
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return;
  throw new Problem(
    'forbidden',
    `This app does not take requests from pages of ${origin.slice(0, 200)}. Add the origin to the app's allowedOrigins.`,
  );
}
