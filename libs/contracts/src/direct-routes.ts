import {
  ClientHome,
  DirectAnswer,
  LinkAnswer,
  LinkBody,
  LinkSent,
  ReplyAnswer,
  ReplyBody,
  RequestAnswer,
  RequestBody,
  RequestQuery,
} from './direct.js';
import { PublishBody } from './messages.js';
import { ReceiveAnswer, ReceiveQuery } from './receive.js';
import type { RouteSpec } from './routes.js';

const ACCESS = ['unauthenticated', 'token_expired', 'revoked', 'forbidden', 'key_in_url'] as const;
const SERVING = ['rate_limited', 'unavailable', 'draining'] as const;
const BODY = ['invalid_request', 'message_too_large', 'unsupported_media_type'] as const;
const MONEY = ['quota_exceeded', 'spend_cap_reached'] as const;
const STORE = [
  ...ACCESS,
  ...BODY,
  'invalid_message',
  ...MONEY,
  ...SERVING,
  'storage_full',
] as const;
const READ = [
  ...ACCESS,
  'invalid_request',
  'invalid_cursor',
  'spend_cap_reached',
  ...SERVING,
] as const;
const RAW = [
  'text/plain',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
] as const;

const received = {
  status: 200,
  schema: ReceiveAnswer,
  description: 'Messages, or none when the hold ended.',
} as const;

/** Point to point: direct messages, links, request and reply. */
export const DIRECT_ROUTES = {
  sendDirect: {
    method: 'POST',
    path: '/v1/clients/{clientId}/messages',
    tag: 'Point to point',
    summary: 'Send to one client',
    description:
      'Stored in the client’s inbox, whether anybody is there or not. Takes the right to publish on `inbox:<clientId>`.',
    auth: 'any',
    body: PublishBody,
    otherBodies: RAW,
    success: {
      status: 202,
      schema: DirectAnswer,
      description: 'Stored; `delivered` tells how many held requests it answered.',
    },
    problems: [...STORE, 'position_conflict'],
  },
  receiveMine: {
    method: 'GET',
    path: '/v1/clients/me/messages',
    tag: 'Point to point',
    summary: 'Receive from the inbox of the token’s own client',
    description:
      'A receive like every other: without a cursor it begins at now, with `from=start` at the oldest that is kept. A token may always read its own inbox.',
    auth: 'any',
    query: ReceiveQuery,
    success: received,
    problems: READ,
  },
  receiveDirect: {
    method: 'GET',
    path: '/v1/clients/{clientId}/messages',
    tag: 'Point to point',
    summary: 'Receive from a client’s inbox',
    description:
      'For a key that may subscribe on `inbox:<clientId>`, and for the client’s own tokens.',
    auth: 'any',
    query: ReceiveQuery,
    success: received,
    problems: READ,
  },
  showHome: {
    method: 'GET',
    path: '/v1/clients/{clientId}',
    tag: 'Point to point',
    summary: 'Where a client is at home: the node that holds its polls',
    description:
      'Until 15 seconds after its last poll ended. Takes the right to publish on `inbox:<clientId>`; `me` is the token’s own client.',
    auth: 'any',
    success: { status: 200, schema: ClientHome, description: 'Its home.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
  putLink: {
    method: 'PUT',
    path: '/v1/links/{link}',
    tag: 'Point to point',
    summary: 'Make a link: what one end posts, the other reads',
    description:
      '201 the first time, 200 again. An end with a `clientId` is for that client’s tokens (and for keys) alone. Takes a key that may publish on `link:<link>:a` and `link:<link>:b`.',
    auth: 'key',
    body: LinkBody,
    success: { status: 201, schema: LinkAnswer, description: 'The link.' },
    problems: [...ACCESS, ...BODY, ...SERVING, 'storage_full'],
  },
  showLink: {
    method: 'GET',
    path: '/v1/links/{link}',
    tag: 'Point to point',
    summary: 'Show a link',
    auth: 'any',
    success: { status: 200, schema: LinkAnswer, description: 'The link.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
  removeLink: {
    method: 'DELETE',
    path: '/v1/links/{link}',
    tag: 'Point to point',
    summary: 'Remove a link and the messages of its ends',
    auth: 'key',
    success: { status: 204, description: 'Removed.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING, 'storage_full'],
  },
  sendLinked: {
    method: 'POST',
    path: '/v1/links/{link}/{end}/messages',
    tag: 'Point to point',
    summary: 'Send as one end (`a` or `b`) of a link, for the other',
    description: 'Takes the right to publish on `link:<link>:<end>`.',
    auth: 'any',
    body: PublishBody,
    otherBodies: RAW,
    success: { status: 202, schema: LinkSent, description: 'Stored.' },
    problems: [...STORE, 'position_conflict', 'not_found'],
  },
  receiveLinked: {
    method: 'GET',
    path: '/v1/links/{link}/{end}/messages',
    tag: 'Point to point',
    summary: 'Receive at one end of a link what the other sends',
    description: 'Takes the right to subscribe on `link:<link>:<end>`.',
    auth: 'any',
    query: ReceiveQuery,
    success: received,
    problems: [...READ, 'not_found'],
  },
  request: {
    method: 'POST',
    path: '/v1/channels/{channel}/requests',
    tag: 'Point to point',
    summary: 'Publish a message and hold until a reader replies to it',
    description:
      'Readers get the message with `replyTo`. Again with the same `id`, nothing is published anew: the reply is waited for again, or handed out if it was lost on its way.',
    auth: 'any',
    query: RequestQuery,
    body: RequestBody,
    otherBodies: RAW,
    success: { status: 200, schema: RequestAnswer, description: 'The reply.' },
    problems: [...STORE, 'position_conflict', 'no_reply'],
  },
  reply: {
    method: 'POST',
    path: '/v1/replies/{replyTo}',
    tag: 'Point to point',
    summary: 'Reply to a request, once',
    description:
      'The address is the right: whoever reads the request may reply. Again with the same `id`: the first answer, `duplicate: true`.',
    auth: 'any',
    body: ReplyBody,
    otherBodies: RAW,
    success: { status: 202, schema: ReplyAnswer, description: 'Handed to who asked.' },
    problems: [...STORE, 'not_found', 'conflict'],
  },
} as const satisfies Record<string, RouteSpec>;
