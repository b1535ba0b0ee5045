import { TokenAnswer, TokenBody } from './capabilities.js';
import { DAV_ROUTES } from './dav-routes.js';
import { DIRECT_ROUTES } from './direct-routes.js';
import { GROUP_ROUTES } from './group-routes.js';
import { ANSWER_HEADER, RECEIVE_HEADERS, REQUEST_HEADER } from './header-specs.js';
import { BatchAnswer, BatchBody, PublishAnswer, PublishBody, PublishQuery } from './messages.js';
import {
  HistoryAnswer,
  HistoryQuery,
  PollBody,
  ReceiveAnswer,
  ReceiveManyQuery,
  ReceiveQuery,
} from './receive.js';
import { PRESENCE_ROUTES } from './presence-routes.js';
import type { RouteSpec } from './routes.js';
import { SOCKET_ROUTES, STREAM_NOTE } from './socket-routes.js';

const ACCESS = ['unauthenticated', 'token_expired', 'revoked', 'forbidden', 'key_in_url'] as const;
const SERVING = ['rate_limited', 'unavailable', 'draining'] as const;
const MONEY = ['quota_exceeded', 'spend_cap_reached'] as const;
const BODY = ['invalid_request', 'message_too_large', 'unsupported_media_type'] as const;

/** The data plane's routes. */
export const DELIVERY_ROUTES = {
  publish: {
    method: 'POST',
    path: '/v1/channels/{channel}/messages',
    tag: 'Publish',
    summary: 'Publish one message or an array of up to 1000 to a channel',
    description:
      'Answered when every message is durable. An array is stored in order, all or nothing. Again with the same `id`: the first answer’s id and position, `duplicate: true`, nothing stored. A body of another type is one message; its name and id come from `Holdline-Name` and `Holdline-Id`.',
    auth: 'any',
    headers: [REQUEST_HEADER.id, REQUEST_HEADER.name],
    query: PublishQuery,
    body: PublishBody,
    otherBodies: ['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded'],
    success: { status: 201, schema: PublishAnswer, description: 'Stored.' },
    problems: [
      ...ACCESS,
      ...BODY,
      'invalid_message',
      'position_conflict',
      ...MONEY,
      ...SERVING,
      'storage_full',
    ],
  },
  publishBatch: {
    method: 'POST',
    path: '/v1/messages',
    tag: 'Publish',
    summary: 'Publish up to 1000 messages to many channels',
    description:
      'Atomic per channel. `results` has one entry for each message: its id and position, or its problem.',
    auth: 'any',
    query: PublishQuery,
    body: BatchBody,
    success: {
      status: 207,
      schema: BatchAnswer,
      description: 'One result or problem for each message, in order.',
    },
    problems: [...ACCESS, ...BODY, 'invalid_message', ...MONEY, ...SERVING],
  },
  receive: {
    method: 'GET',
    path: '/v1/channels/{channel}/messages',
    tag: 'Receive',
    summary: 'Receive from a channel; held until there is something to say',
    description: STREAM_NOTE,
    auth: 'any',
    query: ReceiveQuery,
    headers: [REQUEST_HEADER.prefer, REQUEST_HEADER.lastEventId],
    success: {
      status: 200,
      schema: ReceiveAnswer,
      headers: RECEIVE_HEADERS,
      description: 'Messages, or none when the hold ended.',
    },
    problems: [...ACCESS, 'invalid_request', 'invalid_cursor', 'spend_cap_reached', ...SERVING],
  },
  receiveMany: {
    method: 'GET',
    path: '/v1/messages',
    tag: 'Receive',
    summary: 'Receive from up to 200 channels in one held request (`channel=a&channel=b`)',
    description: STREAM_NOTE,
    auth: 'any',
    query: ReceiveManyQuery,
    headers: [REQUEST_HEADER.prefer, REQUEST_HEADER.lastEventId],
    success: {
      status: 200,
      schema: ReceiveAnswer,
      headers: RECEIVE_HEADERS,
      description: 'Messages, or none when the hold ended.',
    },
    problems: [...ACCESS, 'invalid_request', 'invalid_cursor', 'spend_cap_reached', ...SERVING],
  },
  poll: {
    method: 'POST',
    path: '/v1/poll',
    tag: 'Receive',
    summary: 'Receive from many channels of several apps in one held request',
    description:
      'Each subscription may bring the token of its own app; without one the Authorization header serves.',
    auth: 'any',
    body: PollBody,
    headers: [REQUEST_HEADER.prefer],
    success: {
      status: 200,
      schema: ReceiveAnswer,
      headers: RECEIVE_HEADERS,
      description: 'Messages, or none when the hold ended.',
    },
    problems: [...ACCESS, ...BODY, 'invalid_cursor', 'spend_cap_reached', ...SERVING],
  },
  history: {
    method: 'GET',
    path: '/v1/channels/{channel}/history',
    tag: 'Receive',
    summary: 'Page through what is kept, without holding',
    auth: 'any',
    query: HistoryQuery,
    success: {
      status: 200,
      schema: HistoryAnswer,
      headers: [ANSWER_HEADER.cursor, ANSWER_HEADER.next],
      description: 'One page; `Link` leads to the next.',
    },
    problems: [...ACCESS, 'invalid_request', ...SERVING],
  },
  tokens: {
    method: 'POST',
    path: '/v1/tokens',
    tag: 'Tokens',
    summary: 'Make a client token',
    description: 'Its rights are those asked for, as far as the key has them itself.',
    auth: 'key',
    body: TokenBody,
    success: { status: 201, schema: TokenAnswer, description: 'The token.' },
    problems: [...ACCESS, ...BODY, ...SERVING],
  },
  ...GROUP_ROUTES,
  ...DAV_ROUTES,
  ...DIRECT_ROUTES,
  ...PRESENCE_ROUTES,
  ...SOCKET_ROUTES,
} as const satisfies Record<string, RouteSpec>;
