import { z } from 'zod';
import { ChannelName } from './channels.js';
import { OmittedFields, ViewFields, ViewQueryFields } from './filters.js';
import { LIMIT } from './limits.js';
import { Message } from './messages.js';
import { PollPresence, PresenceChange } from './presence.js';

/** A number as a query brings it, in digits: `wait=` or `wait=1e2` is a mistake and not a zero or a hundred. */
const digits = z
  .string()
  .regex(/^\d{1,16}$/, 'is a whole number in digits')
  .transform(Number);
const seconds = digits.pipe(z.number().int().min(0).max(LIMIT.holdMaxSeconds));
const limit = digits.pipe(z.number().int().min(1).max(LIMIT.answerMessages));
const position = digits.pipe(z.number().int().min(0).safe());

/** Where to begin when there is no cursor. */
export type From =
  | { kind: 'now' }
  | { kind: 'start' }
  | { kind: 'last'; count: number }
  | { kind: 'time'; at: number };

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+ -]\d\d:\d\d)$/;

/** `now`, `start`, `-N` or an RFC 3339 time; null for anything else. */
export function parseFrom(text: string): From | null {
  if (text === 'now' || text === 'start') return { kind: text };
  if (/^-\d{1,9}$/.test(text)) return { kind: 'last', count: -Number(text) };
  if (!RFC3339.test(text)) return null;
  // In a query an unencoded `+` arrives as a space.
  const signed = text.replace(/ (\d\d:\d\d)$/, '+$1');
  const at = Date.parse(signed.replace(' ', 'T').toUpperCase());
  return Number.isNaN(at) ? null : { kind: 'time', at };
}

export const FromText = z
  .string()
  .refine((text) => parseFrom(text) !== null, 'from is `now`, `start`, `-N` or an RFC 3339 time')
  .meta({ description: '`now` (default), `start`, `-N` (the last N), or an RFC 3339 time.' });

export const CursorText = z.string().min(1).max(16_384);

/** The query of a receive. Values arrive as text. */
export const ReceiveQuery = z.object({
  cursor: CursorText.optional(),
  from: FromText.optional(),
  wait: seconds.optional(),
  limit: limit.optional(),
  inbox: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .pipe(z.boolean())
    .optional()
    .meta({ description: 'Adds the inbox of the token’s client.' }),
  presence: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .pipe(z.boolean())
    .optional()
    .meta({ description: 'Adds changes of the channels’ presence, as items of type `presence`.' }),
  ...ViewQueryFields,
});
export type ReceiveQuery = z.output<typeof ReceiveQuery>;

/** The same over several channels, for the documents: `apps/delivery` reads the names one by one. */
export const ReceiveManyQuery = ReceiveQuery.extend({
  channel: z
    .array(z.string())
    .min(1)
    .max(LIMIT.queryChannels)
    .optional()
    .meta({
      description: `The channels, one parameter for each (\`channel=a&channel=b\`), up to ${LIMIT.queryChannels}. May be left out with \`inbox=true\`.`,
    }),
});

/** The body of POST /v1/poll. */
export const PollBody = z.strictObject({
  subscriptions: z
    .array(
      z
        .strictObject({
          token: z.string().min(1).optional(),
          channels: z.array(ChannelName).max(LIMIT.pollChannels).default([]),
          inbox: z
            .boolean()
            .optional()
            .meta({ description: 'Adds the inbox of this subscription’s client.' }),
        })
        .refine(
          ({ channels, inbox }) => channels.length > 0 || inbox === true,
          'names at least one channel in `channels`, or asks for the inbox (`"inbox": true`)',
        ),
    )
    .max(LIMIT.pollSubscriptions)
    .default([]),
  inbox: z.boolean().optional().meta({
    description:
      'Adds the inbox of the client whose token the Authorization header holds; without that header, the inbox of each subscription.',
  }),
  cursor: CursorText.optional(),
  from: FromText.optional(),
  wait: z.number().int().min(0).max(LIMIT.holdMaxSeconds).optional(),
  limit: z.number().int().min(1).max(LIMIT.answerMessages).optional(),
  presence: PollPresence.optional(),
  presenceEvents: z.boolean().optional().meta({
    description: 'Adds changes of the channels’ presence, as items of type `presence`.',
  }),
  ...ViewFields,
});

export const HistoryQuery = z.object({
  before: position.optional(),
  after: position.optional(),
  limit: limit.optional(),
  order: z.enum(['newest', 'oldest']).optional(),
});

export const Lost = z.object({
  reason: z.enum(['retention', 'epoch', 'slow_consumer']),
  count: z.number().int().optional(),
});
export type Lost = z.output<typeof Lost>;

/** What an answer covers of one channel: the positions (`from`, `to`]. */
const Proof = z.object({
  epoch: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  lost: Lost.nullable(),
  ...OmittedFields,
});

export const ReceiveAnswer = z.object({
  messages: z.array(z.union([Message, PresenceChange])),
  cursor: z.string(),
  timedOut: z.boolean(),
  channels: z.record(z.string(), Proof).meta({
    description:
      'What the answer covers of each channel. In a poll over several apps with channels of the same name the keys are `<app>/<channel>`.',
  }),
  presence: z
    .record(z.string(), Proof)
    .optional()
    .meta({ description: 'Where presence is watched: which versions of it the answer covers.' }),
});

export const HistoryAnswer = z.object({
  messages: z.array(Message),
  cursor: z.string(),
  epoch: z.string(),
});
