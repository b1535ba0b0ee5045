import type { RouteSpec } from './routes.js';

/** WebDAV notifications. OpenAPI knows no SUBSCRIBE: the POST stands for all four methods. */
export const DAV_ROUTES = {
  dav: {
    method: 'POST',
    path: '/dav/{channel}',
    tag: 'WebDAV',
    summary: 'SUBSCRIBE, POLL, UNSUBSCRIBE or NOTIFY, as X-HTTP-Method-Override says',
    description:
      'For clients of WebDAV notifications (Exchange 2000/2003). All four are taken as methods too. SUBSCRIBE (`Notification-Type`, `Subscription-Lifetime`) answers 200 with `Subscription-Id`; POLL (`Subscription-Id`, held with `Prefer: wait=N`) answers 207 with the ids that have news (200), those that have none (204) and those that are not known (412); UNSUBSCRIBE (`Subscription-Id`) answers 200; NOTIFY publishes its body as POST /v1/channels/{channel}/messages does, with 201.',
    auth: 'any',
    otherBodies: ['application/json', 'text/plain', 'text/xml'],
    success: {
      status: 207,
      description: 'POLL: which subscriptions have news, as DAV multistatus.',
    },
    problems: [
      'unauthenticated',
      'token_expired',
      'revoked',
      'forbidden',
      'key_in_url',
      'invalid_request',
      'not_found',
      'rate_limited',
      'unavailable',
      'draining',
    ],
  },
} as const satisfies Record<string, RouteSpec>;
