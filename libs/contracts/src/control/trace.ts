import { z } from 'zod';
import { Timestamp } from './common.js';

/** The bounds of tracing, the same for every tenant. */
export const TRACE_LIMIT = {
  /** Seconds that a channel is traced; asking again begins them anew. */
  seconds: 600,
  /** Channels of one tenant; with one more the one asked for longest ago is traced no longer. */
  channels: 5,
  /** The newest receivers kept of one channel. */
  handings: 1_000,
} as const;

export const TraceOn = z.object({
  channel: z.string(),
  since: Timestamp.meta({ description: 'What is handed out from here on is noted.' }),
  until: Timestamp,
});
export type TraceOn = z.output<typeof TraceOn>;

const TRACE_OUTCOMES = [
  'handed',
  'written',
  'confirmed',
  'acked',
  'nacked',
  'dead',
  'filtered',
  'closed',
  'cut',
  'gone',
] as const;
export type TraceOutcome = (typeof TRACE_OUTCOMES)[number];

export const TraceReceiver = z.object({
  kind: z.enum(['hold', 'stream', 'websocket', 'group', 'direct']).meta({
    description: 'direct: it received its inbox.',
  }),
  transport: z.enum(['http', 'sse', 'ndjson', 'websocket']),
  clientId: z.string().nullable(),
  keyId: z.string().meta({ description: 'The key behind its credential.' }),
  node: z.string(),
  group: z.string().nullable(),
  attempt: z.number().int().nullable().meta({ description: 'In a group: which time it was.' }),
  at: Timestamp.meta({ description: 'When it was handed to the receiver, or the receiver left.' }),
  outcome: z.enum(TRACE_OUTCOMES).meta({
    description:
      'handed: to the socket, no more is known yet. written: all of it has left the server. confirmed: the receiver asked on from after it. acked, nacked, dead: by its group. filtered: the receiver’s own filter left it out. closed: the connection ended before all was written. cut: it took nothing for too long. gone: it held until shortly before, and had left.',
  }),
  outcomeAt: Timestamp,
});
export type TraceReceiver = z.output<typeof TraceReceiver>;

export const TracedMessage = z.object({
  id: z.string().nullable(),
  position: z.number().int(),
  previous: z.number().int(),
  storedAt: Timestamp,
  bytes: z.number().int().meta({ description: 'Of what the log keeps of it.' }),
  name: z.string().nullable(),
  clientId: z.string().nullable().meta({ description: 'Of its publisher.' }),
  keyId: z.string().nullable().meta({
    description: 'The key that published it; null where the log does not tell any more.',
  }),
});
export type TracedMessage = z.output<typeof TracedMessage>;

export const MessageTrace = z.object({
  channel: z.string(),
  message: TracedMessage,
  trace: z
    .object({
      since: Timestamp,
      until: Timestamp,
      complete: z.boolean().meta({
        description:
          'false: it began after the message was stored, or there were more receivers than are kept.',
      }),
    })
    .nullable()
    .meta({ description: 'null: the channel is not traced now.' }),
  receivers: z.array(TraceReceiver).meta({ description: 'In the order of their times.' }),
  because: z.string().meta({ description: 'What the list of receivers means, in words.' }),
});
export type MessageTrace = z.output<typeof MessageTrace>;

/** Between our own servers: `message` is null where the log keeps no such message. */
export const TraceAnswer = MessageTrace.omit({ message: true }).extend({
  message: TracedMessage.nullable(),
});
export type TraceAnswer = z.output<typeof TraceAnswer>;
