import type { RouteSpec } from '../routes.js';
import { LIST } from './refusals.js';
import { MessageTrace, TraceOn } from './trace.js';

export const TRACE_ROUTES = {
  startTrace: {
    method: 'POST',
    path: '/v1/apps/{app}/channels/{channel}/trace',
    tag: 'Channels',
    summary: 'Trace a channel for the next ten minutes',
    description:
      'From now on the delivery server notes, in memory, to whom the channel’s messages are handed; asking again begins the ten minutes anew. Five channels of a tenant can be traced at once: of more, the one asked for longest ago is traced no longer.',
    auth: 'session',
    success: { status: 200, schema: TraceOn, description: 'It is traced.' },
    problems: LIST,
  },
  messageTrace: {
    method: 'GET',
    path: '/v1/apps/{app}/channels/{channel}/messages/{position}/trace',
    tag: 'Channels',
    summary: 'What became of one message: who was handed it, when, and who confirmed it',
    description:
      'Of a message that was not traced it tells what the log knows. Receivers are kept for ten minutes after tracing was last asked for, the newest thousand of a channel.',
    auth: 'session',
    success: { status: 200, schema: MessageTrace, description: 'The trace.' },
    problems: LIST,
  },
} as const satisfies Record<string, RouteSpec>;
