import { HEADER } from './headers.js';
import { LIMIT } from './limits.js';
import type { HeaderSpec } from './routes.js';

/** What requests and answers say in headers, for the documents. */
export const REQUEST_HEADER = {
  prefer: {
    name: 'Prefer',
    description: `\`wait=N\` (RFC 7240): seconds to hold, 0 to ${LIMIT.holdMaxSeconds}, where the query or body does not say \`wait\`.`,
    example: 'wait=30',
  },
  lastEventId: {
    name: 'Last-Event-ID',
    description: 'With `Accept: text/event-stream`: the cursor to go on from.',
  },
  id: {
    name: HEADER.id,
    description: 'With a body that is not JSON: the message’s `id`.',
  },
  name: {
    name: HEADER.name,
    description: 'With a body that is not JSON: the message’s `name`.',
  },
} as const satisfies Record<string, HeaderSpec>;

export const ANSWER_HEADER = {
  cursor: { name: HEADER.cursor, description: 'Where to go on: the `cursor` of the body.' },
  hold: {
    name: HEADER.hold,
    description:
      'How many seconds the request could be held, and why: `asked`, `default`, `path` (a proxy on the way cuts longer ones) or `limit`.',
    example: '55; reason=default',
  },
  next: {
    name: 'Link',
    description: 'With `rel="next"`: the request that goes on from here.',
    example: '</v1/channels/hello/messages?cursor=…>; rel="next"',
  },
  preference: {
    name: 'Preference-Applied',
    description: '`wait=N`, where `Prefer` asked for it and it was done so.',
    example: 'wait=30',
  },
} as const satisfies Record<string, HeaderSpec>;

export const RECEIVE_HEADERS = [
  ANSWER_HEADER.cursor,
  ANSWER_HEADER.hold,
  ANSWER_HEADER.next,
  ANSWER_HEADER.preference,
] as const;
