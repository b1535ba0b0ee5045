import { z } from 'zod';
import { ClientId, Message } from './messages.js';
import { FromText, HistoryQuery, Lost, ReceiveQuery } from './receive.js';

/** The bounds of groups, the same for every tenant. */
export const GROUP_LIMIT = {
  /** Groups of one channel. */
  perChannel: 100,
  /** Messages of one group that are handed out and not done; while it is reached, no new ones come. */
  inFlight: 10_000,
  /** Seconds a member has before its message comes again: default and most (12 hours). */
  visibilityDefaultSeconds: 30,
  visibilityMaxSeconds: 43_200,
  /** Times a message is handed out before it becomes a dead letter; 0: no limit. */
  maxAttemptsDefault: 5,
  maxAttemptsMost: 1000,
  /** Ids in one request, all three lists together. */
  acks: 1000,
  /** Dead letters are kept this long, and this many of them. */
  deadSeconds: 14 * 86_400,
  deadMessages: 10_000,
} as const;

/** The same rules as for a client's id: 1 to 128 bytes of UTF-8, no control characters. */
export const GroupName = ClientId;

export const Visibility = z
  .number()
  .int()
  .min(1)
  .max(GROUP_LIMIT.visibilityMaxSeconds)
  .meta({ description: 'Seconds until a message that nobody acked comes again.' });

const MaxAttempts = z
  .number()
  .int()
  .min(0)
  .max(GROUP_LIMIT.maxAttemptsMost)
  .meta({ description: 'Times a message is handed out before it is a dead letter; 0: no limit.' });

/** The body of PUT …/groups/{group}. */
export const GroupBody = z.strictObject({
  from: z
    .union([FromText, z.number().int().min(-10_000).max(-1).transform(String)])
    .optional()
    .meta({
      description:
        'Where a new group begins: `now` (default), `start`, `-N` or an RFC 3339 time. A group that exists stays where it is.',
    }),
  visibility: Visibility.optional(),
  maxAttempts: MaxAttempts.optional(),
});
export type GroupBody = z.output<typeof GroupBody>;

export const GroupSettings = z.object({
  channel: z.string(),
  group: z.string(),
  from: z.string(),
  visibility: Visibility,
  maxAttempts: MaxAttempts,
  createdAt: z.iso.datetime(),
});

export const GroupStatus = GroupSettings.extend({
  lag: z.number().int().meta({ description: 'Messages that wait to be handed out.' }),
  lagIsMore: z
    .literal(true)
    .optional()
    .meta({ description: 'There are more than `lag`: counting stopped.' }),
  inFlight: z.number().int().meta({ description: 'Messages that members have and did not ack.' }),
  deadLetters: z.number().int().meta({ description: 'Messages that became dead letters so far.' }),
  members: z.number().int().meta({ description: 'Members that hold now.' }),
});

export const GroupList = z.object({ groups: z.array(GroupStatus) });

const seconds = z
  .string()
  .regex(/^\d{1,9}$/, 'is a whole number in digits')
  .transform(Number)
  .pipe(Visibility);

/** The query of a member's receive. Values arrive as text. */
export const GroupReceiveQuery = z.object({
  wait: ReceiveQuery.shape.wait,
  limit: ReceiveQuery.shape.limit,
  visibility: seconds.optional(),
});

export const GroupMessage = Message.extend({
  ackId: z.string().meta({ description: 'For this handing out; good until its visibility ends.' }),
  attempt: z.number().int().meta({ description: '1 for the first time.' }),
});

export const GroupAnswer = z.object({
  messages: z.array(GroupMessage),
  timedOut: z.boolean(),
  lost: Lost.nullable().meta({
    description:
      'Messages that retention took before the group handed them out, or another log; the group goes on behind them.',
  }),
});

const AckId = z.string().min(1).max(512);

/** What became of messages, over HTTP and in a frame. */
export const AckLists = {
  ack: z.array(AckId).optional(),
  nack: z.array(AckId).optional(),
  extend: z
    .array(z.union([AckId, z.strictObject({ ackId: AckId, visibility: Visibility.optional() })]))
    .optional(),
} as const;

interface Lists {
  readonly ack?: readonly unknown[] | undefined;
  readonly nack?: readonly unknown[] | undefined;
  readonly extend?: readonly unknown[] | undefined;
}

export const ACKS_FIT = `at most ${GROUP_LIMIT.acks} ids in one request`;

export function acksFit({ ack, nack, extend }: Lists): boolean {
  return (ack?.length ?? 0) + (nack?.length ?? 0) + (extend?.length ?? 0) <= GROUP_LIMIT.acks;
}

/** The body of POST …/groups/{group}/acks. */
export const AckBody = z.strictObject(AckLists).refine(acksFit, ACKS_FIT);
export type AckBody = z.output<typeof AckBody>;

export const AckResult = z.object({
  ackId: z.string(),
  action: z.enum(['ack', 'nack', 'extend']),
  status: z.enum(['acked', 'nacked', 'extended', 'dead', 'expired', 'done', 'invalid']).meta({
    description:
      '`acked`, `nacked`, `extended`: as asked. `dead`: it was the last attempt, the message is a dead letter now. Nothing happened with the others: `expired`: its visibility was over, the message comes or came again; `done`: the message was acked or became a dead letter before; `invalid`: not an id of this group.',
  }),
  visibleAt: z.iso
    .datetime()
    .optional()
    .meta({ description: 'With `extended`: when the message comes again unless it is acked.' }),
  problem: z
    .looseObject({ code: z.string(), status: z.number().int(), detail: z.string() })
    .optional()
    .meta({
      description:
        'With `expired`, `done` and `invalid`: why nothing happened, as a problem document.',
    }),
});
export type AckResult = z.output<typeof AckResult>;

export const AckAnswer = z.object({ results: z.array(AckResult) });

export const DeadQuery = z.object({
  after: HistoryQuery.shape.after,
  limit: ReceiveQuery.shape.limit,
});

export const DeadLetter = Message.extend({
  deadLetter: z.number().int().meta({ description: 'Its number; `after` takes it.' }),
  attempts: z.number().int(),
  reason: z.enum(['expired', 'nacked']),
  deadAt: z.iso.datetime(),
});

export const DeadAnswer = z.object({
  messages: z.array(DeadLetter),
  next: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'The `after` of the next page; null: there is none.' }),
});
