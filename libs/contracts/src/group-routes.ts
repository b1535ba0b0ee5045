import {
  AckAnswer,
  AckBody,
  DeadAnswer,
  DeadQuery,
  GroupAnswer,
  GroupBody,
  GroupList,
  GroupReceiveQuery,
  GroupSettings,
  GroupStatus,
} from './groups.js';
import { ANSWER_HEADER, REQUEST_HEADER } from './header-specs.js';
import type { RouteSpec } from './routes.js';

const ACCESS = ['unauthenticated', 'token_expired', 'revoked', 'forbidden', 'key_in_url'] as const;
const SERVING = ['rate_limited', 'unavailable', 'draining'] as const;
const BODY = ['invalid_request', 'message_too_large', 'unsupported_media_type'] as const;
const GROUP = '/v1/channels/{channel}/groups/{group}';

/** The routes of groups: competing consumers. */
export const GROUP_ROUTES = {
  putGroup: {
    method: 'PUT',
    path: GROUP,
    tag: 'Groups',
    summary: 'Create a group of competing consumers, or change its settings',
    description:
      'A new group answers 201, one that exists 200. What the body does not name takes its default in a new group and stays as it is in an old one. Needs an API key with `subscribe` on the channel.',
    auth: 'key',
    body: GroupBody,
    success: { status: 201, schema: GroupSettings, description: 'Its settings.' },
    problems: [...ACCESS, ...BODY, ...SERVING, 'storage_full'],
  },
  getGroup: {
    method: 'GET',
    path: GROUP,
    tag: 'Groups',
    summary: 'Where a group stands: settings, lag, messages in flight, dead letters, members',
    auth: 'any',
    success: { status: 200, schema: GroupStatus, description: 'The group.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
  deleteGroup: {
    method: 'DELETE',
    path: GROUP,
    tag: 'Groups',
    summary: 'Delete a group with its dead letters; its held members are refused',
    description: 'The channel and its messages stay. Needs an API key with `subscribe`.',
    auth: 'key',
    success: { status: 204, description: 'Gone.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING, 'storage_full'],
  },
  listGroups: {
    method: 'GET',
    path: '/v1/channels/{channel}/groups',
    tag: 'Groups',
    summary: 'The groups of a channel',
    auth: 'any',
    success: { status: 200, schema: GroupList, description: 'All of them, by name.' },
    problems: [...ACCESS, 'invalid_request', ...SERVING],
  },
  receiveGroup: {
    method: 'GET',
    path: `${GROUP}/messages`,
    tag: 'Groups',
    summary: 'Receive as a member of a group; held until there is something for this member',
    description:
      'Each message goes to one member. It comes again, with `attempt` one higher, unless it is acked within its visibility. What is there is shared out evenly among the members that wait, the longest waiting first.',
    auth: 'any',
    headers: [REQUEST_HEADER.prefer],
    query: GroupReceiveQuery,
    success: {
      status: 200,
      schema: GroupAnswer,
      headers: [ANSWER_HEADER.hold, ANSWER_HEADER.preference],
      description: 'Messages for this member, or none when the hold ended.',
    },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
  ackGroup: {
    method: 'POST',
    path: `${GROUP}/acks`,
    tag: 'Groups',
    summary: 'Say what became of messages: ack, nack (comes again at once), extend (more time)',
    description:
      'One result for each id, in the order ack, nack, extend; what can no longer be done is said in its result and disturbs nobody. An ack is durable when it is answered.',
    auth: 'any',
    body: AckBody,
    success: { status: 200, schema: AckAnswer, description: 'One result for each id.' },
    problems: [...ACCESS, ...BODY, 'not_found', ...SERVING, 'storage_full'],
  },
  deadLetters: {
    method: 'GET',
    path: `${GROUP}/dead`,
    tag: 'Groups',
    summary: 'Page through the dead letters of a group, oldest first',
    description:
      'Copies of the messages whose last attempt was not acked; kept for 14 days, the newest 10,000.',
    auth: 'any',
    query: DeadQuery,
    success: {
      status: 200,
      schema: DeadAnswer,
      headers: [ANSWER_HEADER.next],
      description: 'One page; `Link` leads to the next.',
    },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },
} as const satisfies Record<string, RouteSpec>;
