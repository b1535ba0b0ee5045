import { PresenceBody, PresenceList, PresencePutAnswer, PresenceQuery } from './presence.js';
import type { RouteSpec } from './routes.js';

const ACCESS = ['unauthenticated', 'token_expired', 'revoked', 'forbidden', 'key_in_url'] as const;
const SERVING = ['rate_limited', 'unavailable', 'draining'] as const;
const MEMBER = '/v1/channels/{channel}/presence/{clientId}';

/** Who is there. */
export const PRESENCE_ROUTES = {
  enterPresence: {
    method: 'PUT',
    path: MEMBER,
    tag: 'Presence',
    summary: 'Be present in a channel, or stay present',
    description:
      'Lasts for `ttl` seconds (60): put again before. A token enters as its own client only, a key as anybody. A client that polls can say so in the poll instead (`presence` in POST /v1/poll), which then is its own heartbeat.',
    auth: 'any',
    body: PresenceBody,
    success: { status: 200, schema: PresencePutAnswer, description: 'Present until `expiresAt`.' },
    problems: [
      ...ACCESS,
      'invalid_request',
      'message_too_large',
      'unsupported_media_type',
      ...SERVING,
    ],
  },
  leavePresence: {
    method: 'DELETE',
    path: MEMBER,
    tag: 'Presence',
    summary: 'Leave a channel at once',
    description: 'Also where the client was not present.',
    auth: 'any',
    success: { status: 204, description: 'Not present.' },
    problems: [...ACCESS, 'invalid_request', ...SERVING],
  },
  listPresence: {
    method: 'GET',
    path: '/v1/channels/{channel}/presence',
    tag: 'Presence',
    summary: 'Who is present: members in pages, and their count',
    description:
      'Ordered by client id; `Link` leads to the next page. A receive with `presence=true` brings the changes after `version`.',
    auth: 'any',
    query: PresenceQuery,
    success: { status: 200, schema: PresenceList, description: 'One page.' },
    problems: [...ACCESS, 'invalid_request', ...SERVING],
  },
} as const satisfies Record<string, RouteSpec>;
